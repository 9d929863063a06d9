"""How long the text after a pasted diff takes to find, in the forms that mails give it.

    python benchmarks/bench_paste.py [--size 5]

The diff is made up: files of one hunk each, with twenty to sixty changed lines.
"""

import argparse
import quopri
import random
import time
from statistics import median

from tdxkit.mail.aftertext import after_text

MIB = 1 << 20


def diff(size: int) -> str:
    """A diff of about `size` characters; the same one for the same size."""
    rng, parts, done, number = random.Random(size), [], 0, 0
    while done < size:
        number += 1
        changed = [f"{rng.choice('+-')}\tusers_{k} = call(region, {k});" for k in range(rng.randrange(20, 60))]
        lines = [" int f(void)", " {", " \tcontext(region);", *changed, " \treturn 0;", " }", " "]
        old, new = (sum(line[0] != other for line in lines) for other in "+-")
        head = [f"--- a/mm/f{number}.c", f"+++ b/mm/f{number}.c", f"@@ -{number},{old} +{number},{new} @@"]
        parts.append("\n".join([*head, *lines]))
        done += len(parts[-1])
    return "\n".join(parts) + "\n"


def quoted(text: str, signs: str) -> str:
    """The text as an answer quotes it."""
    return "\n".join(signs + line for line in text.split("\n"))


def main(size: float = 5) -> None:
    """Print seconds for each form."""
    plain = diff(int(size * MIB))
    forms = {
        "a diff": plain,
        "quoted": quoted(plain, "> "),
        "twice quoted": quoted(plain, "> > "),
        "signs in two spellings": quoted(plain, "> ").replace("> @@", ">@@"),
        "quoted-printable": quopri.encodestring(plain.encode()).decode(),
        "a line of each hunk lost": plain.replace(" \treturn 0;\n", ""),
        "plain C": "\tusers = users + 1; /* as it was */\n" * int(size * MIB / 37),
    }
    print(f"{'form':<26} {'MiB':>6} {'lines':>8} {'seconds':>8}")
    for name, text in forms.items():
        took = []
        for _ in range(3):
            start = time.perf_counter()
            after_text(text)
            took.append(time.perf_counter() - start)
        count = text.count("\n")
        print(f"{name:<26} {len(text) / MIB:6.1f} {count:8} {median(took):8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=float, default=5)
    main(parser.parse_args().size)
