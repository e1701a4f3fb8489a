"""How much of what pdftotext reads in a PDF is in our text, and in how nearly the same order.

    page_text.py FORMWORK TARGET FILE...      TARGET is txt, md, html or docx

Prints for each file: words of pdftotext, the part of them that is in ours (recall), the part of ours that is in theirs
(precision), and Kendall's tau of the order of those words that both have exactly once. Then the medians.
"""

import collections
import html
import re
import statistics
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from pathlib import Path


def words(text):
    text = unicodedata.normalize("NFKC", text)
    # A hyphen at a line's end: pdftotext joins some of them.
    text = re.sub(r"[-\u00ad\u2010]\s*\n\s*", "", text)
    return [word for word in re.split(r"[\s|]+", text) if re.search(r"\w", word)]


def plain(path):
    if path.suffix == ".docx":
        xml = zipfile.ZipFile(path).read("word/document.xml").decode()
        xml = re.sub(r"</w:p>|<w:br/>|<w:tab/>", "\n", xml)
        return html.unescape(re.sub(r"<[^>]+>", "", xml))
    text = path.read_text(errors="replace")
    if path.suffix == ".html":
        text = re.sub(r"<(head|style)>.*?</\1>", "", text, flags=re.S)
        text = re.sub(r"</?(p|td|th|tr|h\d|li|div|br|table|ul|ol)\b[^>]*>", "\n", text)
        return html.unescape(re.sub(r"<[^>]+>", "", text))
    if path.suffix == ".md":
        text = re.sub(r"\]\([^)\s]*\)", "", text)
        text = re.sub(r"\\([^\w\s])", r"\1", text)
        return re.sub(r"[*_`\[]+|^#+ |^- |^\d+\. ", "", text, flags=re.M)
    return text


def inversions(order):
    if len(order) < 2:
        return order, 0
    middle = len(order) // 2
    left, first = inversions(order[:middle])
    right, second = inversions(order[middle:])
    merged, count, place = [], first + second, 0
    for value in left:
        while place < len(right) and right[place] < value:
            merged.append(right[place])
            place += 1
        count += place
        merged.append(value)
    return merged + right[place:], count


def tau(theirs, ours):
    once = lambda words: {word for word, count in collections.Counter(words).items() if count == 1}
    both = once(theirs) & once(ours)
    place = {word: number for number, word in enumerate(word for word in theirs if word in both)}
    order = [place[word] for word in ours if word in both]
    pairs = len(order) * (len(order) - 1) / 2
    return None if pairs == 0 else 1 - 2 * inversions(order)[1] / pairs


def judge(formwork, target, file, folder):
    reference = subprocess.run(["pdftotext", "-enc", "UTF-8", file, "-"], capture_output=True)
    output = Path(folder) / f"out.{target}"
    done = subprocess.run([formwork, "convert", file, str(output), "--force"], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:]
    theirs, ours = words(reference.stdout.decode(errors="replace")), words(plain(output))
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
