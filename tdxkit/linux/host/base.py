"""The KVM that each version of the series was cut from: what its paths do with a failure, whatever the version's own get and put.

Error rules and locks belong to these bases and changed under the series: a sentence about "KVM" names one of them.
"""

from dataclasses import dataclass

SOURCES = ("kvm-tdx-base", "kvm-tdp-mmu", "kvm-post-populate", "kvm-tdx-v6-base", "kvm-tdx-after-v6")


@dataclass(frozen=True, slots=True)
class Base:
    """One state of KVM's TDX code. `source`: where it was read; `serves`: the versions cut from it.

    `overhauled`: since the post-populate series PAGE.ADD is part of the mapping, and failures of creation, build and measurement bug the
    VM; before it the page is only noted, PAGE.ADD follows outside mmu_lock, and these failures are errnos for user space. With it came
    the guard of the ioctls (places.py).
    `leaves_for_deletion`: the fault handler's loop ends when the page's memslot is being deleted.
    `bugs_failed_get`: a get that fails in the fault path bugs the VM; without it the fault is taken again.
    `huge`: private memory may be mapped at 2 MiB and split; without it KVM bugs the VM for any level but 4K before it makes a SEAMCALL.
    """

    name: str
    source: str
    serves: str
    overhauled: bool = True
    leaves_for_deletion: bool = False
    bugs_failed_get: bool = False
    huge: bool = False


BEFORE = Base("before post-populate", "kvm-tdx-base", "v1, v2, v3", overhauled=False)
POST_POPULATE = Base("post-populate", "kvm-post-populate", "v4")
HUGE = Base("post-populate with huge pages", "tdx-v5", "v5, the huge page series itself", huge=True)
ONE_HOOK = Base("one hook", "kvm-tdx-v6-base", "v6", leaves_for_deletion=True)
NEWER = Base("newer than v6", "kvm-tdx-after-v6", "the text after v6", leaves_for_deletion=True, bugs_failed_get=True)
BASES = {base.name: base for base in (BEFORE, POST_POPULATE, HUGE, ONE_HOOK, NEWER)}
