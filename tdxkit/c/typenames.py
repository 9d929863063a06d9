"""Which names are types: C's words, the kernel's types, the text's own typedefs."""

from tdxkit.c.lexing import Token

BASE = set("void char short int long signed unsigned float double _Bool __int128 __signed__ __signed".split())
QUALIFIERS = set("const volatile _Atomic __const __volatile__ __volatile".split())
STORAGE = set("static extern register auto typedef _Thread_local _Noreturn __auto_type".split())
TAGS = {"struct", "union", "enum"}
TYPEOF = {"typeof", "__typeof__", "__typeof", "typeof_unqual"}
SIZES = {"sizeof", "_Alignof", "__alignof__", "offsetof", "__builtin_offsetof", "_Alignas", "_Generic"} | TYPEOF
JUMPS = {"return", "else", "do", "case", "goto", "default", "break", "continue"}
HEADS = {"if", "while", "for", "switch"}
SPECIFIERS = BASE | QUALIFIERS | STORAGE | TAGS
KEYWORDS = SPECIFIERS | JUMPS | HEADS | SIZES
KERNEL = frozenset(
    """u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __le8 __le16 __le32 __le64 __be8 __be16 __be32 __be64
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t bool size_t ssize_t uintptr_t intptr_t ptrdiff_t uint ulong ushort
    gfp_t fmode_t umode_t pid_t dev_t pgoff_t loff_t sector_t ktime_t irqreturn_t cycles_t
    pfn_t kvm_pfn_t gfn_t gpa_t gva_t hpa_t hfn_t hva_t phys_addr_t dma_addr_t
    atomic_t atomic64_t atomic_long_t refcount_t spinlock_t raw_spinlock_t rwlock_t seqlock_t seqcount_t seqcount_spinlock_t
    wait_queue_head_t wait_queue_entry_t""".split()
)


def own(tokens: list[Token]) -> set[str]:
    """The names that the text's own typedefs give: `typedef struct foo foo_t, *foo_p;`, `typedef int (*call)(void);`."""
    found: set[str] = set()
    within, depth = False, 0
    for at, token in enumerate(tokens[:-1]):
        text, after = token.text, tokens[at + 1].text
        if not within or (text == ";" and not depth):
            within, depth = text == "typedef", 0
        elif token.kind == "sign":
            depth += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
        elif token.kind == "name" and text not in KEYWORDS:
            pointer = depth == 1 and after == ")" and [t.text for t in tokens[at - 2 : at]] == ["(", "*"]
            if pointer or (not depth and after in (";", ",", "[", "(")):
                found.add(text)
    return found
