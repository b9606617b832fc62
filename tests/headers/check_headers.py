#!/usr/bin/env python3
"""Each header under src compiles alone, and twice in a row.

    check_headers.py TREE COMPILER [FLAG…]             status 1 and the compiler's words for each that does not
    check_headers.py --planted TREE COMPILER [FLAG…]   a header that forgets an include must be caught
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FORGETFUL = "#pragma once\nnamespace planted {\ninline std::string name() { return {}; }\n}\n"
COMPLETE = "#pragma once\n#include <string>\nnamespace planted {\ninline std::string name() { return {}; }\n}\n"
UNGUARDED = "namespace planted {\nstruct Name {};\n}\n"


def compile_alone(header, source, compiler):
    name = header.relative_to(source).as_posix()
    text = f'#include "{name}"\n#include "{name}"\n'
    done = subprocess.run([*compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{source}",
                           "-x", "c++", "-"], input=text, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{name} does not compile alone:\n{done.stderr}"


def proven_by_its_source(header, source):
    """its own source includes it ahead of everything else, so every build compiles it alone"""
    own = header.with_suffix(".cc")
    if not own.exists() or "#pragma once" not in header.read_text(encoding="utf-8"):
        return False
    first = re.search(r'^#include (\S+)', own.read_text(encoding="utf-8"), re.M)
    return first is not None and first[1] == f'"{header.relative_to(source).as_posix()}"'


def judge(headers, source, compiler):
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return [fault for fault in pool.map(lambda h: compile_alone(h, source, compiler), headers) if fault]


def judge_planted(compiler):
    escaped = 0
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(temporary)
        for name, text, caught in (("forgetful.h", FORGETFUL, True), ("unguarded.h", UNGUARDED, True),
                                   ("complete.h", COMPLETE, False)):
            header = source / name
            header.write_text(text)
            faults = judge([header], source, compiler)
            if bool(faults) != caught or (caught and name not in faults[0]):
                print(f"{name}: wanted {'a fault' if caught else 'no fault'}, got {faults}")
                escaped += 1
    print(f"3 planted headers, {escaped} judged wrongly")
    return escaped


def main(arguments):
    planted = arguments[:1] == ["--planted"]
    arguments = arguments[planted:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    source, compiler = pathlib.Path(arguments[0]).resolve() / "src", arguments[1:]
    if planted:
        return 1 if judge_planted(compiler) else 0
    headers = sorted(source.glob("**/*.h"))
    unproven = [header for header in headers if not proven_by_its_source(header, source)]
    faults = judge(unproven, source, compiler)
    print("\n".join(faults))
    print(f"{len(headers)} headers, {len(unproven)} without a source that begins with them, {len(faults)} do not compile alone")
    return 1 if faults or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
