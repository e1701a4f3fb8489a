"""How much of what pdftotext reads in a PDF is in our text, and in how nearly the same order.

    page_text.py FORMWORK TARGET FILE...      TARGET is txt, md, html or docx

Prints for each file: words of pdftotext, the part of them that is in ours (recall), the part of ours that is in theirs
(precision), and Kendall's tau of the order of those words that both have exactly once. Then the medians.
"""

import collections
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from documents import plain, tau, words


def judge(formwork, target, file, folder):
    output = Path(folder) / f"out.{target}"
    done = subprocess.run([formwork, "convert", file, str(output), "--force"], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:]
    try:
        theirs = words(plain(file, "pdf"))
    except (ValueError, subprocess.TimeoutExpired) as why:
        return None, f"pdftotext reads nothing: {why}"
    ours = words(plain(output, target))
    if len(theirs) < 10:
        return None, f"only {len(theirs)} words"
    shared = sum((collections.Counter(theirs) & collections.Counter(ours)).values())
    return (len(theirs), shared / len(theirs), shared / max(len(ours), 1), tau(theirs, ours)), None


def main():
    formwork, target, *files = sys.argv[1:]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            result, why = judge(formwork, target, file, folder)
            if result is None:
                print(f"-\t{file}\t{why}")
                continue
            count, recall, precision, order = result
            found.append(result)
            print(f"{recall:.3f}\t{precision:.3f}\t{order if order is None else round(order, 3)}\t{count}\t{file}")
    recalls, orders = [r[1] for r in found], [r[3] for r in found if r[3] is not None]
    if not found:
        sys.exit("nothing to judge")
    print(f"files {len(found)}, median recall {statistics.median(recalls):.4f}, "
          f"recall of at least 0.98 in {sum(r >= 0.98 for r in recalls)}, median tau {statistics.median(orders):.4f}, "
          f"tau of at least 0.95 in {sum(o >= 0.95 for o in orders)} of {len(orders)}")


main()
