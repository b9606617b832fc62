#!/usr/bin/env python3
"""Holds the sources against the layer table.

    check_layers.py TREE             judge TREE/src; status 1 and one line FILE:LINE: REASON for each fault
    check_layers.py --planted TREE   plant each kind of fault in a copy of TREE and see that it is found
"""
import pathlib
import re
import shutil
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Below sensor, stream and service time comes in with the packet and settings come in as a struct.
BOUND_HEADERS = {"thread", "future", "pthread.h", "threads.h"}
BOUND_WORDS = [
    (re.compile(r"\bstd::(j?thread|async)\b|\bpthread_create\b"), "starts a thread"),
    (re.compile(r"\b(secure_)?getenv\b|\benviron\b"), "reads the environment"),
    (re.compile(r"\b(clock_gettime|gettimeofday|localtime(_r)?|mktime|timespec_get)\s*\(|_clock::now\b"
                r"|(?<![\w.>])time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)|(?<![\w.>])clock\s*\(\s*\)"),
     "reads a clock"),
]
LINUX_HEADER = re.compile(
    r"^(linux/.*|asm/.*|systemd/.*|seccomp\.h|cap-ng\.h|netpacket/.*|net/if_packet\.h|netinet/ether\.h|features\.h"
    r"|byteswap\.h|endian\.h|malloc\.h|sys/(epoll|eventfd|signalfd|timerfd|prctl|sendfile|inotify|capability"
    r"|fanotify|syscall|sysinfo|vfs)\.h)$")


def without_comments_and_strings(text):
    """The same lines with comments and literals blanked, so that prose about a clock is no clock."""
    pattern = re.compile(
        r'R"(?P<tag>[^()\s\\]*)\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def read_table(tree):
    allowed, free = {}, set()
    for line in (tree / "tests/layers/layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, _, below = line.partition(":")
        name, *marks = head.split()
        allowed[name] = set(below.split())
        if "free" in marks:
            free.add(name)
    return allowed, free


def judge_file(path, shown, layer, allowed, free):
    text = path.read_text()
    code = without_comments_and_strings(text).splitlines()
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if include and code[number - 1].lstrip().startswith("#"):
            quote, name = include.groups()
            below, slash, _ = name.partition("/")
            if quote == '"' and not slash:
                yield f"{shown}:{number}: include {name} by its layer: {layer}/{name}"
            elif quote == '"' and below != layer and below not in allowed[layer]:
                yield f"{shown}:{number}: {layer} must not include {below} ({name})"
            elif quote == "<" and below in allowed:
                if (path.parents[1] / name).exists():
                    yield f"{shown}:{number}: write \"{name}\", not <{name}>"
            if quote == "<" and layer not in free and name in BOUND_HEADERS:
                yield f"{shown}:{number}: {layer} must not start a thread (<{name}>)"
            if quote == "<" and LINUX_HEADER.match(name) and not path.stem.endswith("_linux"):
                yield f"{shown}:{number}: <{name}> is only on Linux: such a file is called *_linux{path.suffix}"
        if layer not in free:
            for pattern, what in BOUND_WORDS:
                if pattern.search(code[number - 1]):
                    yield f"{shown}:{number}: {layer} {what}: {line.strip()}"


def judge_links(tree, allowed):
    """sie_layer(NAME DEPENDS …): no library may link, directly or through another, what its layer may not include."""
    shown = "src/CMakeLists.txt"
    text = re.sub(r"#[^\n]*", "", (tree / shown).read_text())
    depends, lines = {}, {}
    for call in re.finditer(r"\bsie_layer\(\s*(\w+)([^)]*)\)", text):
        name, rest = call.groups()
        after = re.search(r"\bDEPENDS\b(.*?)(\bLIBRARIES\b|\bDEFINITIONS\b|$)", rest, re.S)
        depends[name] = after.group(1).split() if after else []
        lines[name] = text.count("\n", 0, call.start()) + 1
    if not depends:
        yield f"{shown}:1: no sie_layer() found"
    for name in depends:
        if name not in allowed:
            yield f"{shown}:{lines[name]}: {name} is not in tests/layers/layers.txt"
            continue
        reached, open_ends = set(), list(depends[name])
        while open_ends:
            below = open_ends.pop()
            if below not in reached:
                reached.add(below)
                open_ends += depends.get(below, [])
        for below in sorted(reached - allowed[name] - {name}):
            yield f"{shown}:{lines[name]}: {name} must not depend on {below}"


def judge_picture(tree, allowed):
    """The rows of ARCHITECTURE.md: | `layer` | what | may include |"""
    shown = "ARCHITECTURE.md"
    rows = {}
    for number, line in enumerate((tree / shown).read_text().splitlines(), 1):
        row = re.match(r"\|\s*`([\w-]+)`\s*\|[^|]*\|([^|]*)\|\s*$", line)
        if row:
            below = set(re.findall(r"[\w-]+", row.group(2)))
            rows[row.group(1)] = (number, allowed.keys() - {row.group(1)} if below == {"all"} else below)
    for name, below in allowed.items():
        if name not in rows:
            yield f"{shown}:1: no row for the layer {name}"
        elif rows[name][1] != below:
            yield f"{shown}:{rows[name][0]}: {name} may include: {' '.join(sorted(below)) or 'nothing'}"
    for name in rows.keys() - allowed.keys():
        yield f"{shown}:{rows[name][0]}: {name} is not in tests/layers/layers.txt"


def judge(tree):
    allowed, free = read_table(tree)
    for name, below in allowed.items():
        for unknown in sorted(below - allowed.keys()):
            yield f"tests/layers/layers.txt:1: {name}: no layer {unknown}"
    judged = 0
    for path in sorted((tree / "src").glob("*/**/*")):
        if path.suffix not in (".h", ".cc"):
            continue
        judged += 1
        shown, layer = path.relative_to(tree), path.relative_to(tree / "src").parts[0]
        if layer not in allowed:
            yield f"{shown}:1: {layer} is not in tests/layers/layers.txt"
            continue
        yield from judge_file(path, shown, layer, allowed, free)
    if judged == 0:
        yield "src:1: no source was judged"
    yield from judge_links(tree, allowed)
    yield from judge_picture(tree, allowed)


# (file, line to append or (old, new) to put in, word that the finding must hold)
PLANTED = [
    ("src/base/planted.cc", '#include "net/packet.h"', "base must not include net"),
    ("src/dns/planted.h", '#include "net/packet.h"', "dns must not include net"),
    ("src/nmsg/planted.cc", '#include "spool/output_file.h"', "nmsg must not include spool"),
    ("src/sensor/planted.cc", '#include "stream/planted.h"', "sensor must not include stream"),
    ("src/base/planted.cc", 'const char* home() { return getenv("HOME"); }', "reads the environment"),
    ("src/net/planted.cc", "std::jthread worker;", "starts a thread"),
    ("src/capture/planted.cc", "#include <thread>", "must not start a thread"),
    ("src/dnsqr/planted.cc", "const auto now = std::chrono::steady_clock::now();", "reads a clock"),
    ("src/dnsqr/planted.cc", "const auto now = std::time(nullptr);", "reads a clock"),
    ("src/spool/planted.cc", "clock_gettime(CLOCK_REALTIME, &now);", "reads a clock"),
    ("src/capture/planted.cc", "#include <linux/if_packet.h>", "only on Linux"),
    ("src/base/planted.cc", '#include "result.h"', "by its layer"),
    ("src/attic/planted.cc", "int attic;", "not in tests/layers/layers.txt"),
    ("src/CMakeLists.txt", ("sie_layer(net DEPENDS base)", "sie_layer(net DEPENDS base dns)"),
     "net must not depend on dns"),
    ("ARCHITECTURE.md", ("| nmsg, base |", "| nmsg, net, base |"), "spool may include"),
]
INNOCENT = [
    ("src/base/planted.cc", "// getenv(\"HOME\"), std::thread and clock_gettime() are not for this layer"),
    ("src/base/planted.cc", 'constexpr std::string_view why = "std::thread";'),
    ("src/net/planted.cc", "const Time sent = frame.time(); const bool is_time(0 == 0);"),
    ("src/capture/ring_linux.cc", "#include <linux/if_packet.h>"),
    ("src/sensor/planted.cc", "#include <thread>"),
]


def copy_of(tree, folder):
    shutil.copytree(tree / "src", folder / "src")
    (folder / "tests/layers").mkdir(parents=True)
    shutil.copy(tree / "tests/layers/layers.txt", folder / "tests/layers")
    shutil.copy(tree / "ARCHITECTURE.md", folder)


def findings_with(tree, name, change):
    """What is found in a copy of the tree with one change, and the line on which the change stands."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary)
        copy_of(tree, copy)
        path = copy / name
        path.parent.mkdir(exist_ok=True)
        before = path.read_text() if path.exists() else ""
        if isinstance(change, tuple):
            assert change[0] in before, f"{name}: nothing to plant at: {change[0]}"
            line = before[:before.index(change[0])].count("\n") + 1
            path.write_text(before.replace(*change, 1))
        else:
            line = before.count("\n") + 2
            path.write_text(before + "\n" + change + "\n")
        return list(judge(copy)), line


def judge_planted(tree):
    escaped = 0
    for name, change, word in PLANTED:
        found, line = findings_with(tree, name, change)
        at = f"{name}:1:" if "attic" in name else f"{name}:{line}:"
        if not any(finding.startswith(at) and word in finding for finding in found):
            print(f"not caught: {change!r} in {name}; found {found}")
            escaped += 1
    for name, change in INNOCENT:
        found, _ = findings_with(tree, name, change)
        wrong = [finding for finding in found if finding.startswith(name)]
        if wrong:
            print(f"wrongly caught: {wrong}")
            escaped += 1
    print(f"{len(PLANTED)} planted faults and {len(INNOCENT)} innocent lines, {escaped} judged wrongly")
    return escaped


def main(arguments):
    planted = "--planted" in arguments
    trees = [argument for argument in arguments if argument != "--planted"]
    if len(trees) != 1:
        sys.exit(__doc__)
    tree = pathlib.Path(trees[0]).resolve()
    if planted:
        return 1 if judge_planted(tree) else 0
    found = list(judge(tree))
    print("\n".join(found) if found else "the layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
