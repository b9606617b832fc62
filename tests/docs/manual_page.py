"""What every test of a manual page begins with."""
import os
import shutil
import subprocess
import sys


def lint(page):
    """what mandoc finds wrong with it; skips the test where there is no mandoc"""
    if not shutil.which('mandoc'):
        print('SKIPPED: mandoc is not installed')
        sys.exit(1 if os.environ.get('REQUIRE_ALL') == '1' else 77)
    done = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', page], capture_output=True, text=True)
    return ['mandoc: ' + done.stdout] if done.returncode != 0 or done.stdout.strip() else []
