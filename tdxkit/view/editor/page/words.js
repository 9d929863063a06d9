// The words of C and of Python by what they are, for their colours. A text becomes lines, a line becomes pieces: kind and text.

const COMMON_C =
  "break case continue default do else enum extern for goto if inline return sizeof static struct switch";
const OF_C = {
  keyword: new Set(`${COMMON_C} typedef typeof union volatile while const register auto guard scoped_guard`.split(" ")),
  type: new Set(
    (
      "void char short int long unsigned signed bool _Bool u8 u16 u32 u64 s8 s16 s32 s64 size_t ssize_t gfp_t gfn_t " +
      "kvm_pfn_t atomic_t atomic64_t atomic_long_t refcount_t spinlock_t raw_spinlock_t rwlock_t seqlock_t seqcount_t"
    ).split(" "),
  ),
  pieces:
    /(?<comment>\/\*[^]*?(?:\*\/|(?![^]))|\/\/[^\n]*)|(?<directive>(?<![^\n])[ \t]*#[ \t]*\w*)|(?<string>"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?)|(?<number>\b\d\w*)|(?<word>[A-Za-z_]\w*)|(?<other>[^\w"'/#]+|[^])/g,
};
const PYTHON = {
  keyword: new Set(
    (
      "and as assert async await break class continue def del elif else except finally for from global if import in is " +
      "lambda nonlocal not or pass raise return try while with yield"
    ).split(" "),
  ),
  type: new Set("True False None int str bool tuple frozenset".split(" ")),
  pieces:
    /(?<comment>#[^\n]*)|(?<string>[rbfuRBFU]{0,2}(?:"""[^]*?(?:"""|(?![^]))|'''[^]*?(?:'''|(?![^]))|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?))|(?<number>\b\d\w*)|(?<word>[A-Za-z_]\w*)|(?<other>[^\w"'#]+|[^])/g,
};
const LONGEST = 60_000; // letters; a longer text has no colours

/** What a word is: a keyword, a type, a constant, a call, or a name like any other. */
function kindOf(word, behind, { keyword, type }) {
  if (keyword.has(word)) return "keyword";
  if (type.has(word)) return "type";
  if (/^\s*\(/.test(behind)) return "call";
  return /^[A-Z_][A-Z0-9_]+$/.test(word) ? "constant" : "";
}

/** The lines of a text, each a list of [kind, text]; kind is "" for what has no colour of its own, as all of a text that is no code. */
export function colouredLines(text, language) {
  if (language === "text" || text.length > LONGEST) return text.split("\n").map(line => [["", line]]);
  const words = language === "python" ? PYTHON : OF_C;
  const lines = [[]];
  for (const { groups, index, 0: all } of text.matchAll(words.pieces)) {
    let kind = Object.keys(groups).find(name => groups[name] !== undefined);
    if (kind === "word") kind = kindOf(all, text.slice(index + all.length, index + all.length + 8), words);
    if (kind === "other") kind = "";
    all.split("\n").forEach((part, i) => {
      if (i) lines.push([]);
      if (part) lines.at(-1).push([kind, part]);
    });
  }
  return lines;
}
