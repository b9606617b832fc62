"""The table of numbers: each row with what it must reach, what it aims at, and what was measured. Smaller is better."""
import statistics
from typing import NamedTuple, Optional

NOISE = 1.1


class Row(NamedTuple):
    row: int
    what: str
    must: float
    aim: Optional[float]
    measured: Optional[float]
    unit: str = ''
    samples: tuple = ()  # of the rounds
    note: str = ''       # why it was not measured


def of_samples(row, what, must, aim, samples, unit=''):
    return Row(row, what, must, aim, statistics.median(samples), unit, tuple(samples))


def verdict(row):
    if row.measured is None:
        return row.note or 'not measured'
    if row.must is None:
        return 'for information'
    if row.aim is not None and row.measured <= row.aim:
        return 'aim'
    if row.measured <= row.must:
        return 'must'
    return 'within noise' if row.must and row.measured <= row.must * NOISE else 'MISSED'


def number(value):
    return '-' if value is None else '%.3g' % value


def line(row):
    """the columns of a row, as text"""
    def bar(value):
        return '-' if value is None else '≤ ' + number(value)
    spread = '%s … %s' % (number(min(row.samples)), number(max(row.samples))) if len(row.samples) > 1 else ''
    return str(row.row), row.what, bar(row.must), bar(row.aim), (number(row.measured) + ' ' + row.unit).strip(), spread


HEAD = ('row', 'what', 'must', 'aim', 'measured', 'of the rounds')


def print_rows(rows, judged=True):
    """the table; how many bars were missed by more than noise. judged False: what was measured says nothing"""
    lines = [HEAD] + [line(row) for row in rows]
    widths = [max(len(x[i]) for x in lines) for i in range(len(HEAD))]
    missed = 0
    for i, columns in enumerate(lines):
        word = '' if i == 0 else verdict(rows[i - 1]) if judged or rows[i - 1].measured is None else 'not judged'
        missed += word == 'MISSED'
        text = '  '.join(c.ljust(w) if k < 2 else c.rjust(w) for k, (c, w) in enumerate(zip(columns, widths)))
        print((text + '  ' + word).rstrip())
    return missed


def print_comparison(old, new):
    """two results of --json side by side: rows with the same number and text"""
    before = {(r['row'], r['what']): r for r in old['rows']}
    print('%-4s %-72s %10s %10s %8s' % ('row', 'what', old.get('commit', 'old')[:10], new.get('commit', 'new')[:10], 'change'))
    for r in new['rows']:
        was = before.get((r['row'], r['what']), {}).get('measured')
        now = r['measured']
        change = '%+.1f %%' % (100 * (now / was - 1)) if was and now is not None else ''
        print('%-4s %-72s %10s %10s %8s' % (r['row'], r['what'], number(was), number(now), change))
