#!/usr/bin/python3
"""library.py BINARIES BUILD CMAKE COMPILER: libsie-nmsg as it is installed.

Installs the build into a folder, builds examples/library against it with CMake (shared and static) and with pkg-config
(shared and static), runs them, and looks at what the shared library shows and needs.
"""
import json
import os
import re
import subprocess
import sys

from programs import SOURCE, Programs, Report, folder, need

EXAMPLES = os.path.join(SOURCE, 'examples', 'library')


def main():
    report = Report('library')
    programs = Programs(sys.argv[1])
    build, cmake, compiler = sys.argv[2:5]
    need('pkg-config', 'nm', 'readelf')

    def run(*arguments, env=None, cwd=None):
        done = subprocess.run(arguments, capture_output=True, env={**os.environ, **(env or {})}, cwd=cwd)
        report.check(done.returncode == 0, ' '.join(arguments), (done.returncode, done.stdout[-2000:], done.stderr[-2000:]))
        return done.stdout.decode()

    with folder() as here:
        prefix = os.path.join(here, 'prefix')
        run(cmake, '--install', build, '--prefix', prefix)
        found = [os.path.join(root, f) for root, _, files in os.walk(prefix) for f in files]
        libraries = [f for f in found if re.search(r'libsie-nmsg\.so\.\d+\.\d+\.\d+$', f)]
        if not report.check(len(libraries) == 1, 'one shared library', found):
            report.leave()
        library = libraries[0]
        libdir = os.path.dirname(library)
        version = open(os.path.join(SOURCE, 'VERSION')).read().strip()
        report.check(library.endswith(version), 'of the version', library)
        soname = re.search(r'SONAME.*\[(.*)\]', run('readelf', '-d', library)).group(1)
        report.check(soname == 'libsie-nmsg.so.1' and all(os.path.islink(os.path.join(libdir, n)) for n in (soname, 'libsie-nmsg.so')), 'a soname and its links', soname)
        report.check(os.path.exists(os.path.join(libdir, 'libsie-nmsg.a')), 'a static library')
        sections = run('readelf', '--wide', '--sections', os.path.join(libdir, 'libsie-nmsg.a'))
        report.check('.text' in sections and 'gnu.lto' not in sections, 'the static library holds nothing that one compiler alone reads')
        headers = sorted(os.path.basename(f) for f in found if '/include/' in f)
        report.check(headers == ['file.h', 'message.h', 'text.h', 'types.h'], 'its headers and no others', headers)
        shown = [x.split(None, 2)[2] for x in run('nm', '-DC', '--defined-only', library).splitlines()]
        ours = [x for x in shown if x.startswith(('sie_nmsg::', 'typeinfo', 'vtable', 'SIE_NMSG_1'))]
        # Weak copies of what the standard library instantiates may not show either.
        report.check(len(ours) > 40 and len(shown) == len(ours), 'shows its surface and nothing else', [x for x in shown if x not in ours][:5])
        included = {line.split('"')[1] if '"' in line else line.split('<')[1].split('>')[0] for f in found if '/include/' in f for line in open(f) if line.startswith('#include')}
        report.check(all('/' not in x or x.startswith('sie-nmsg/') for x in included) and all('.' not in x or x.startswith('sie-nmsg/') for x in included), 'its headers include each other and the standard library', included)

        ways = {}
        for static in 'OFF', 'ON':
            where = os.path.join(here, 'cmake-' + static)
            run(cmake, '-S', EXAMPLES, '-B', where, '-DCMAKE_PREFIX_PATH=' + prefix, '-DCMAKE_CXX_COMPILER=' + compiler, '-DLINK_STATIC=' + static)
            run(cmake, '--build', where)
            ways['CMake, static ' + static] = where
        pc = {'PKG_CONFIG_PATH': os.path.join(libdir, 'pkgconfig')}
        report.check(run('pkg-config', '--modversion', 'sie-nmsg', env=pc).strip() == version, 'pkg-config knows the version')
        for static in False, True:
            where = os.path.join(here, 'pc-%s' % static)
            os.mkdir(where)
            flags = run('pkg-config', '--cflags', '--libs', *(['--static'] if static else []), 'sie-nmsg', env=pc).split()
            if static:
                flags = [os.path.join(libdir, 'libsie-nmsg.a') if f == '-lsie-nmsg' else f for f in flags]
            for example in 'owner_names', 'write_payload':
                run(compiler, '-std=c++20', '-Wall', '-Wextra', '-Werror', os.path.join(EXAMPLES, example + '.cc'), '-o', os.path.join(where, example), *flags)
            ways['pkg-config, static %s' % static] = where
        env = {'LD_LIBRARY_PATH': libdir}
        for way, where in ways.items():
            made = os.path.join(here, 'made.nmsg')
            out = run(os.path.join(where, 'write_payload'), made, env=env)
            record = json.loads(out)
            report.check(record['mname'] == 'dns' and record['message']['rdata'] == ['192.0.2.1', '192.0.2.2'] and record['source'] == '1234abcd', way + ': write_payload', out)
            read = json.loads(programs.run([programs.nmsgtool, '-r', made, '-J', '-'], None, b'').out)
            report.check(read == record, way + ': and nmsgtool reads it', read)
            report.check(run(os.path.join(where, 'owner_names'), made, env=env) == 'www.example.com.\n', way + ': owner_names')
            cut = os.path.join(here, 'cut.nmsg')
            with open(cut, 'wb') as f:
                f.write(open(made, 'rb').read()[:-1])
            done = subprocess.run([os.path.join(where, 'owner_names'), cut], capture_output=True, env={**os.environ, **env})
            report.check(done.returncode == 1 and b'offset 0' in done.stderr, way + ': damage is told', done)
            needs = run('readelf', '-d', os.path.join(where, 'owner_names'))
            report.check(('libsie-nmsg' in needs) == (way.endswith('OFF') or way.endswith('False')), way + ': is what it says', needs)
    report.leave()


if __name__ == '__main__':
    main()
