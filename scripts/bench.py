"""bench.py - the measuring part of bench.sh: BUILD ROUNDS DIR"""
import os
import platform
import shutil
import statistics
import subprocess
import sys

build, rounds, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
scale = float(os.environ.get('BENCH_SCALE', '1'))
pavo = os.path.join(build, 'app', 'pavo')
gen = os.path.join(build, 'test', 'gen', 'pavo-gen')
loop = os.path.join(build, 'test', 'bench', 'bench-pcap-loop')
M = 1000000

PACKETS = int(10 * M * scale)
INPUTS = [
    # name, what it is, arguments of the generator
    ('udp64', '%g M packets of 64 bytes, 100 k flows' % (PACKETS / M), ['udp64', '--packets', PACKETS]),
    ('tcp', '%g M packets of TCP sessions, 100 k at once' % (PACKETS / M), ['tcp', '--flows', '100000', '--packets', PACKETS]),
    ('million', '%g M packets of 64 bytes, 1 M flows' % (PACKETS / M), ['udp64', '--flows', int(M * scale), '--packets', PACKETS]),
    ('pairs', '%g M flows of two packets' % (PACKETS / 2 / M), ['pairs', '--flows', PACKETS // 2]),
    ('vxlan', '%g M packets of 64 bytes in VXLAN, 100 k flows' % (PACKETS / M), ['vxlan', '--packets', PACKETS]),
]
TOOLS = [
        ('pavo', lambda f: [pavo, 'run', '-q', '--workers', '1', '-r', f, '-w', 'ipfix:/dev/null'] +
     (['--set', 'flow.limit=%d' % int(1.2 * M)] if 'million' in f else [])),
    ('libpcap', lambda f: [loop, f]),

    ('tcpdump', lambda f: ['tcpdump', '-r', f, '-w', '/dev/null']),
    ('argus', lambda f: ['argus', '-r', f, '-w', '/dev/null']),
]


def run(command):
    """CPU seconds and peak RSS in KiB of one process."""
    with open(os.path.join(folder, 'err'), 'w') as err:
        p = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        with open(os.path.join(folder, 'err')) as err:
            sys.exit('%s: status %d: %s' % (' '.join(map(str, command)), p.returncode, err.read()[-500:]))
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def machine():
    model = platform.processor() or platform.machine()
    with open('/proc/cpuinfo') as fh:
        for line in fh:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return '%s, %d cores, Linux %s' % (model, os.cpu_count(), platform.release())


def commit():
    p = subprocess.run(['git', 'describe', '--always', '--dirty'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return p.stdout.strip() or 'unknown'


def flow_bytes():
    """RSS of a table with many flows in it, less that of the same table with few."""
    many, few = int(1000000 * scale) + 1000, 1000
    rss = []
    for flows in (few, many):
        path = os.path.join(folder, 'syn.pcap')
        # 20 M a second: all are live at once, and flushed at the end
        subprocess.run([gen, 'synflood', '--flows', str(flows), '--rate', '20000000', path], check=True)
        rss.append(statistics.median(run([pavo, 'run', '-q', '--workers', '1', '--set', 'flow.limit=%d' % max(flows, 1024), '-r', path,
                                          '-w', 'ipfix:/dev/null'])[1] for _ in range(rounds)))
        os.remove(path)
    return (rss[1] - rss[0]) * 1024.0 / (many - few), many


def main():
    wanted = os.environ.get('BENCH_TOOLS', ' '.join(t[0] for t in TOOLS)).split()
    tools = [t for t in TOOLS if t[0] in wanted + ['pavo'] and (shutil.which(t[0]) or t[0] in ('pavo', 'libpcap'))]

    print('machine: %s' % machine())
    print('commit: %s; %d rounds; CPU time is user and system of the whole process' % (commit(), rounds))
    versions = [subprocess.run([pavo, 'version'], stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]]
    print('pavo: %s' % versions[0])
    print()
    print('| input | program | packets per CPU-second, median (least .. most) | CPU ns per packet | of pavo | peak RSS MiB |')
    print('| --- | --- | --- | --- | --- | --- |')
    for name, what, arguments in INPUTS:
        path = os.path.join(folder, name + '.pcap')
        subprocess.run([gen] + [str(a) for a in arguments] + [path], check=True)
        cpu = {t[0]: [] for t in tools}
        rss = {}
        for _ in range(rounds):
            for tool, command in tools:
                seconds, kib = run(command(path))
                cpu[tool].append(seconds)
                rss[tool] = max(kib, rss.get(tool, 0))
        ours = PACKETS / statistics.median(cpu['pavo'])
        for tool, _ in tools:
            rate = PACKETS / statistics.median(cpu[tool])
            print('| %s | %s | %.2f M (%.2f .. %.2f) | %.0f | %.2f | %.0f |' % (
                what if tool == tools[0][0] else '', tool, rate / M, PACKETS / max(cpu[tool]) / M, PACKETS / min(cpu[tool]) / M,
                1e9 / rate, rate / ours, rss[tool] / 1024), flush=True)
        os.remove(path)
    each, many = flow_bytes()
    print()
    print('memory: %.0f bytes a live flow (growth of the resident set from 1 k to %d live flows)' % (each, many))


if __name__ == '__main__':
    main()
