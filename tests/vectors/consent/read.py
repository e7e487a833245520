#!/usr/bin/env python3
"""Builds the texts of consent from docs/spec/consent-v2.md alone, and holds them against the vectors.

python3 tests/vectors/consent/read.py
"""

import hashlib
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PAGE = (HERE / "../../../docs/spec/consent-v2.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^### (\w+ \w+)\n\n```text\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE))


def amount(language, payment):
    digits = payment["digits"]
    number = str(payment["amount"]).rjust(digits + 1, "0")
    whole, part = (number[:-digits], number[-digits:]) if digits else (number, "")
    group, point = {"en": (",", "."), "de": (".", ",")}[language]
    whole = f"{int(whole):,}".replace(",", group)
    number = f"{whole}{point}{part}" if part else whole
    both = [payment["currency"], number]
    return "\u00a0".join(both if language == "en" else reversed(both))


def build(case):
    values = {"audience": case["audience"], "approve": case.get("approve")}
    if payment := case.get("payment"):
        values |= {"amount": amount(case["lang"], payment), "payee": payment["payee"], "order": payment["order"]}
    text = BLOCKS[f"{case['lang']} {case['kind']}"]
    text = re.sub(r"\[(.*?)\]", r"\1" if values["approve"] else "", text, flags=re.DOTALL)
    # In one pass: what is filled in is not looked at again.
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


def main():
    file = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    assert file["version"] == "check-2" and len(BLOCKS) == 8
    kinds = set()
    for case in file["cases"]:
        text = build(case)
        assert text == case["text"], (case["name"], text)
        assert hashlib.sha256(text.encode()).hexdigest() == case["sha256"], case["name"]
        kinds.add((case["lang"], case["kind"]))
    assert len(kinds) == 8
    print(f"{len(file['cases'])} texts of consent")


if __name__ == "__main__":
    main()
