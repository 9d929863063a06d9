"""What the functions of a text share: declarations, the acts that are no labels of a moment, the objects of the shared memory."""

import ast
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property

from pycparser import c_ast

from tdxkit.c.declare import Declared
from tdxkit.c.flow import name
from tdxkit.c.kernel.contexts import OFF
from tdxkit.c.layouts import Layouts
from tdxkit.c.neighbours import variables
from tdxkit.c.reach import NEVER, Marks
from tdxkit.c.typed import Variable
from tdxkit.c.types import MOST_CELLS, Type
from tdxkit.explore.rules import Property
from tdxkit.kinds import Act


class Unit:
    """See the module. `kernel`: its functions; `stubs`: functions that give a number; `taken`: names of shared variables of the models;
    `careful`: pointers become others in it."""

    def __init__(
        self,
        declared: Declared,
        kernel,
        stubs: Mapping[str, int],
        taken: frozenset[str] = frozenset(),
        careful: bool = False,
    ):
        self.declared, self.kernel, self.stubs, self.taken = declared, kernel, stubs, taken
        self.careful = careful  # do accesses look what is there? See `views`
        self.layouts = Layouts()
        self.constants: dict[str, object] = {}
        self.calls: dict[
            str, Counter[str]
        ] = {}  # of each function those of the text that it calls, with how often that is written
        self.statics: dict[int, Variable] = {}  # those of functions, by the token of their declaration
        self.cells: dict[str, tuple[str, ...]] = {}
        self.scalars = 0
        self.titles: dict[str, str] = {}  # of each shared object, as it is told
        self.shared: list[Variable] = []
        self.remarks: list[str] = []
        self.marks = Marks()
        self.rules: dict[str, None] = {}
        self.end: Callable[[c_ast.Compound], int]  # the line of the } of a block
        self.pages_in_hand = False  # are pages counted as each CPU's, as in the designs of Dynamic PAMT?
        self.pools: dict[str, tuple] = {}  # of local objects that others may come to, what each has in it
        self.escaping: frozenset[int] = frozenset()  # the declarations of local variables that others may come to
        self.numbered = False  # does the text ask a CPU for its number?
        self.modules: set[str] = set()  # whose programs are called
        self.keyed: dict[str, Mapping] = {}  # shared variables of the TDX module's model, by region
        self.properties: dict[str, Property] = {}  # rules that the kernel's functions ask for
        self.heap: dict[
            str, tuple[str, tuple[str, ...]]
        ] = {}  # allocated objects: the variable with the state, cells that are no locks

        # those with a number of elements that the run decides: its variable, and where in cells they begin, how many each has
        self.counted: dict[str, tuple[str, int, int]] = {}

    def objects(self) -> list[Variable]:
        """The objects that all CPUs share, static ones of functions too."""
        return self.shared

    def word(self, title: str) -> str:
        """The name that a function of the text has in Python."""
        return f"f_{title}"

    def kernel_word(self, entry) -> str:
        """The name of a kernel function's program."""
        self.constants[f"k_{entry.name}"] = entry.program
        self.properties |= {rule.name: rule for rule in entry.rules}
        self.modules.add(entry.program.__module__)
        needed = self.kernel.objects[entry.needs] if entry.needs and entry.needs not in self.cells else None
        if isinstance(needed, Type):
            self.add(entry.needs, needed)
        elif needed is not None:
            self.keyed |= needed
        return f"k_{entry.name}"

    def add(self, title: str, kind: Type, first: tuple = ()) -> None:
        """A shared object that no text declares."""
        self.share(Variable(title, kind, first or (0,) * kind.cells, c_ast.EmptyStatement()))

    def rule(self, word: str, node: c_ast.Node) -> str:
        """The rule that a WARN or BUG is, by its line; by its column too, where the line has several of that name."""
        where, place = self.declared.where, self.declared.place(node)
        said = where.at if len(self.called[word, place[0]]) > 1 else where.line
        made = f"{word}() of {said(*place)}{NEVER}"
        self.rules[made] = None
        return made

    def fired(self, rule: str) -> int:
        """Where in the row of marks it is noted that a WARN fired after something was made to fail: counted from the end."""
        return -1 - list(self.rules).index(rule)

    @cached_property
    def called(self) -> dict[tuple[str, int], set[int]]:
        """The columns at which the text calls something on a line."""
        found: dict[tuple[str, int], set[int]] = {}
        todo: list[c_ast.Node] = [*self.declared.functions.values()]
        while todo:
            node = todo.pop()
            if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
                line, column = self.declared.place(node)
                found.setdefault((node.name.name, line), set()).add(column)
            todo += [child for _, child in node.children()]
        return found

    @property
    def keeps(self) -> tuple[str, ...]:
        """What a CPU notes that its program asks for too, and not only a rule."""
        return (OFF,) if OFF in {note for rule in self.properties.values() for note in rule.notes} else ()

    def act(self, act: Act) -> ast.expr:
        """An act by a name of the module that is compiled."""
        word = next(
            (w for w, known in self.constants.items() if isinstance(known, Act) and known.as_local() == act.as_local()),
            None,
        )
        if word is None:
            word = f"a_{len(self.constants)}"
            self.constants[word] = act
        return name(word)

    def share(self, variable: Variable) -> None:
        """Give a shared object its cells."""
        self.shared.append(variable)
        self.layouts.kinds[variable.name] = variable.type
        self.scalars += variable.type.cells
        if self.scalars > MOST_CELLS:
            raise self.declared.refuse(
                variable.node,
                f"`{variable.name}`",
                f"all that CPUs share is at most {MOST_CELLS:,} scalars",
                "make it smaller",
            )
        self.titles[variable.name] = title = self._title(variable.name)
        self.cells[variable.name] = variables(title, variable.type)

    def _title(self, word: str) -> str:
        """What a shared object is called beside those of the models."""
        title = word
        while title in self.taken or (title != word and title in self.declared.variables):
            title = f"my_{title}"
        if title != word:
            self.remarks.append(f"the text's {word} is told as {title}: the model has a {word} of its own")
        return title
