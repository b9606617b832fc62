# The front door. `make` prints what there is; each target installs what it needs first.
PCAP ?= examples/resolver.pcap
INTERFACE ?=
RES_ADDRS ?=
AUTH_ADDRS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BENCH ?=
SOAK_SECONDS ?= 600
SOAK_RATE ?= 20000
CASES ?=
ARCH ?=
DEBS ?=
export PCAP INTERFACE RES_ADDRS AUTH_ADDRS PREFIX DESTDIR SOAK_SECONDS
.DEFAULT_GOAL := help
# Two targets at once would build in one folder.
.NOTPARALLEL:
.PHONY: help run build test lab mutate fuzz fuzz-coverage fuzz-planted bench bench-micro bench-nmsgtool bench-live soak lint service-lab soak-uploads \
        install static dist rpm sbom package-lab-rpm clean
.PHONY: deb deb-twice deb-lint package-lab

help:
	@echo 'sie-dns-sensor: from packets at a resolver to NMSG files of DNS transactions'
	@echo
	@echo '  make run       build, then read examples/resolver.pcap and write NMSG files into run/'
	@echo '  make run PCAP=FILE RES_ADDRS=ADDRESS,PREFIX,...   the same with a capture of yours;'
	@echo '                 RES_ADDRS: the resolver in it. AUTH_ADDRS: the servers in it, instead or besides'
	@echo '  make run INTERFACE=eth0 RES_ADDRS=ADDRESS,...   live, until Ctrl-C, as root; without RES_ADDRS: the resolver'
	@echo '                 is this host'
	@echo '  make test      all that CI checks, a good hour from a fresh clone;'
	@echo '                 REQUIRE_ALL=1 make test: what cannot run is a failure, not a skip'
	@echo '  make lab       the sensor beside unbound and BIND at work in network namespaces, every datagram compared;'
	@echo '                 as root, five minutes'
	@echo '  make bench     the table of numbers: replay, memory, nmsgtool beside tcpdump, gzip, cat and jq, a quarter of an hour;'
	@echo '                 BENCH="--rows 1-5 --work S": a part of it; BENCH=--help: all it can do'
	@echo '  make bench-micro   frames, names, fragments, the table, payloads, compression, one call at a time;'
	@echo '                 BENCH=--benchmark_format=json, BENCH=--benchmark_filter=table, BENCH=--help'
	@echo '  make bench-live   live capture measured beside tcpdump and dnscap, about twenty minutes, as root;'
	@echo '                 BENCH=--quick: under a minute; BENCH="--json FILE": all figures'
	@echo '  make soak      live for ten minutes (SOAK_SECONDS=): memory, files, every transaction compared; as root'
	@echo '  make soak-uploads   a service with uploads to a real sshd for twenty minutes (SOAK_SECONDS=, SOAK_RATE=packets/s):'
	@echo '                 memory, drops, every transaction compared at the collector; as root'
	@echo '  make service-lab   the service under a real systemd in a throw-away machine (systemd-nspawn), with the shipped unit;'
	@echo '                 as root, about five minutes and a 250 MB image once; CASES="reload kill": some cases'
	@echo '  make deb       the Debian packages of the commit, in build/deb; ARCH=i386: built in a chroot, as root;'
	@echo '                 make deb-twice: are two builds the same octets? make deb-lint: lintian'
	@echo '  make package-lab   the packages on clean machines, with the old manual in hand: install, upgrade, reboot, purge;'
	@echo '                 as root, about three minutes and an image once; DEBS=build/deb/amd64: those of make deb; CASES='
	@echo '  make build     the programs, in build/release/bin'
	@echo '  make lint      format, scripts, clang-tidy, layers, headers'
	@echo '  make mutate    changed NMSG and JSON by the million through all readers, under sanitizers (ROUNDS=, SEED=)'
	@echo '  make fuzz      libFuzzer on everything that reads from outside, a minute a target (SECONDS_EACH=, JOBS=);'
	@echo '                 make fuzz-coverage: what the corpora reach; make fuzz-planted: are planted faults found?'
	@echo '  make bench-nmsgtool   speed of nmsgtool against cat, gzip and jq, on 250 MB'
	@echo '  make install   the programs and the documents below /usr/local (PREFIX=, DESTDIR=)'
	@echo '  make static    programs that need no library of the machine, in build/static/bin'
	@echo '  make rpm       the package for Red Hat and its clones, in build/rpm; ARCH=i386: for that, as root'
	@echo '  make package-lab-rpm   static programs in an empty folder, the rpm in throw-away machines; as root'
	@echo '  make sbom      the bill of materials of what was built, in build/sbom'
	@echo '  make dist      the sources of the commit, in build/dist'
	@echo '  make clean     remove build/ and what make run wrote'
	@echo
	@echo 'Each installs the Debian packages it lacks (apt-get, as root or through sudo; no daemon is started).'

run:
	@scripts/run check
	@scripts/install-dependencies build
	@scripts/build release tools
	@scripts/run

build:
	@scripts/install-dependencies build
	@scripts/build release tools

test:
	@scripts/test

lab:
	@scripts/install-dependencies test
	@scripts/build release tools
	@python3 -B tests/lab/lab.py build/release/bin

bench:
	@scripts/install-dependencies bench
	@scripts/build release tools bench
	@python3 -B bench/bench.py build/release/bin $(BENCH)

bench-micro:
	@scripts/install-dependencies bench
	@scripts/build release bench_micro
	@build/release/bin/bench_micro $(BENCH)

bench-live:
	@scripts/install-dependencies bench
	@scripts/build release tools bench
	@scripts/bench bench_live $(BENCH)

soak:
	@scripts/install-dependencies bench
	@scripts/build release tools bench
	@scripts/bench soak

soak-uploads:
	@scripts/install-dependencies test
	@scripts/build release tools bench
	@python3 -B tests/e2e/spool_faults.py build/release/bin --soak $(if $(filter file,$(origin SOAK_SECONDS)),1200,$(SOAK_SECONDS)) $(SOAK_RATE)

lint:
	@scripts/test lint

service-lab:
	@scripts/install-dependencies service
	@scripts/build release tools bench
	@scripts/service-lab $(CASES)

# Debian packages
deb:
	@scripts/install-dependencies deb
	@scripts/deb $(ARCH)

deb-twice:
	@scripts/install-dependencies deb
	@scripts/deb twice

deb-lint:
	@scripts/install-dependencies deb
	@scripts/deb lint $(ARCH)

package-lab:
	@scripts/install-dependencies deb
	@scripts/install-dependencies service
	@scripts/build release tools bench
	@DEBS=$(DEBS) scripts/package-lab $(CASES)

mutate:
	@scripts/install-dependencies test
	@scripts/mutate

fuzz:
	@scripts/install-dependencies fuzz
	@scripts/fuzz

fuzz-coverage:
	@scripts/install-dependencies fuzz
	@scripts/fuzz coverage

fuzz-planted:
	@scripts/install-dependencies fuzz
	@scripts/fuzz planted

bench-nmsgtool:
	@scripts/install-dependencies test
	@scripts/build release tools
	@python3 -B tests/e2e/speed_nmsgtool.py build/release/bin --long

static:
	@scripts/install-dependencies static
	@scripts/static

dist:
	@scripts/dist

rpm:
	@scripts/install-dependencies packages
	@scripts/rpm $(ARCH)

sbom:
	@scripts/install-dependencies build
	@scripts/build release tools
	@scripts/sbom build/release build/sbom/sie-dns-sensor.cdx.json
	@if [ -e build/static/bin/sie-gen-key.map ]; then scripts/sbom build/static build/sbom/sie-dns-sensor-static.cdx.json; fi

package-lab-rpm:
	@scripts/install-dependencies packages
	@scripts/build release tools
	@scripts/static
	@python3 -B tests/package/sbom.py build/static
	@python3 -B tests/package/static_programs.py build/static/bin
	@python3 -B tests/package/rpm_package.py build/static/bin
	@python3 -B tests/package/rpm_lab.py build/static/bin $(CASES)

install: build
	@scripts/install

clean:
	@echo 'clean: removing build/ and what make run wrote'
	@rm -rf build
	@scripts/run clean
