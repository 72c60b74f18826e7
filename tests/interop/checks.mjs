// One line for each check: PASS, FAIL or NOT RUN, its name, and in one sentence why. The last line of a run is
// {"passed":n,"failed":n,"not_run":n}.

export class NotRun extends Error {}

export function expect(holds, otherwise) {
  if (!holds) throw new Error(typeof otherwise === 'function' ? otherwise() : otherwise);
}

export function expectEqual(found, wanted, what) {
  expect(found === wanted, () => `${what}: ${found}, expected ${wanted}`);
}

// Rows as sets of lines, so that a difference names the rows that differ and not their number.
export function expectSameRows(found, wanted, what) {
  const lines = (rows) => rows.map((row) => JSON.stringify(row)).sort();
  const a = lines(found);
  const b = lines(wanted);
  const [inA, inB] = [new Set(a), new Set(b)];
  const onlyFound = a.filter((line) => !inB.has(line));
  const onlyWanted = b.filter((line) => !inA.has(line));
  expect(
    a.length === b.length && onlyFound.length === 0 && onlyWanted.length === 0,
    () => `${what}: ${a.length} rows, expected ${b.length}; only here ${onlyFound[0]}; only expected ${onlyWanted[0]}`
  );
}

export class Checks {
  counts = { passed: 0, failed: 0, not_run: 0 };
  #started = Date.now();

  // Runs one check. True when it passed: what builds upon a failed one is not run, and says so.
  async run(name, check) {
    const started = Date.now();
    try {
      const remark = await check();
      this.counts.passed += 1;
      this.#say('PASS   ', name, [remark, `${((Date.now() - started) / 1000).toFixed(1)} s`].filter(Boolean).join(', '));
      return true;
    } catch (error) {
      if (error instanceof NotRun) {
        this.notRun(name, error.message);
      } else {
        this.counts.failed += 1;
        this.#say('FAIL   ', name, (error.stack && !(error.message ?? '') ? error.stack : error.message).slice(0, 2000));
      }
      return false;
    }
  }

  notRun(name, why) {
    this.counts.not_run += 1;
    this.#say('NOT RUN', name, why);
  }

  finish() {
    console.log(`${((Date.now() - this.#started) / 1000).toFixed(0)} s`);
    console.log(JSON.stringify(this.counts));
  }

  #say(word, name, remark) {
    console.log(`${word} ${name}${remark ? ` (${remark})` : ''}`);
  }
}
