#pragma once

#include "fhir/path/syntax.h"

namespace authledger {

// Finds the chains of an analyzed program and writes their steps: paths, where(), extension(), ofType() and first(),
// one after the other, which then run without collections.
void link_chains(PathProgram& program);

}  // namespace authledger
