// Makes a grid of signs answer: the row and column of a cell are lit, a line says the cell in words, keys move, Enter keeps the line.

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
const ENDS = { Home: [STEPS.ArrowLeft, STEPS.ArrowUp], End: [STEPS.ArrowRight, STEPS.ArrowDown] };
const QUIET = "Rest the pointer on a cell, or press Tab and the arrow keys; Enter or a click keeps it.";

const nameOf = head => head.title || head.firstChild.textContent;
const isSeen = cell => cell && !cell.hidden && !cell.parentNode.hidden;

class Grid {
  constructor(place) {
    this.place = place;
    this.table = place.querySelector("table");
    this.lines = [...this.table.tBodies[0].rows];
    this.cells = this.lines.map(line => [...line.cells].slice(1));
    this.rows = this.lines.map(line => line.cells[0]);
    this.columns = [...this.table.tHead.rows[0].cells].slice(1);
    this.told = place.querySelector(".tdx-told");
    this.only = place.querySelector(".tdx-only");
    this.pinned = null;
    for (const cell of this.cells.flat()) {
      if (cell.title) cell.dataset.said = cell.title;
      cell.removeAttribute("title"); // the line says it: no second, slower one beside it
      cell.tabIndex = -1;
      cell.dataset.lmSuppressShortcuts = "true";
    }
  }

  /** Makes the grid in a place answer. */
  static mount(place) {
    const grid = new Grid(place);
    grid.reach(grid.cells[0]?.[0]);
    grid.listen();
    grid.begin();
  }

  begin() {
    this.table.setAttribute("role", "grid");
    for (const part of [this.told, this.only.parentNode]) part.hidden = false;
    this.place.querySelector(".tdx-box").removeAttribute("tabindex"); // the cells are reached, and scroll it
    this.show(null);
  }

  listen() {
    this.table.addEventListener("mouseover", event => this.show(event.target.closest("td")));
    this.table.addEventListener("mouseleave", () => this.show(this.focused()));
    this.table.addEventListener("focusin", event => this.show(event.target.closest("td")));
    this.table.addEventListener("keydown", event => this.pressed(event));
    this.table.addEventListener("click", event => {
      const cell = event.target.closest("td");
      if (!cell) return;
      this.go(cell);
      this.pin(cell);
    });
    this.only.addEventListener("input", () => {
      this.leave(this.only.value.trim().toLowerCase());
      this.reach(this.cells.flat().find(isSeen));
    });
  }

  focused() {
    return this.table.contains(document.activeElement) ? document.activeElement.closest("td") : null;
  }

  /** Row and column of a cell; of none, ones that no cell has. */
  where(cell) {
    return cell ? [cell.parentNode.rowIndex - 1, cell.cellIndex - 1] : [-1, -1];
  }

  words(cell) {
    const [row, column] = this.where(cell);
    const names = { row: nameOf(this.rows[row]), column: nameOf(this.columns[column]) };
    return cell.dataset.said || this.place.dataset.empty.replace(/\{(\w+)\}/gu, (_, which) => names[which]);
  }

  /** Lights the row and the column of a cell, and says it, and beside it what is pinned. */
  show(cell) {
    const [row, column] = this.where(cell ?? this.pinned);
    this.rows.forEach((head, at) => head.classList.toggle("tdx-lit", at === row));
    this.columns.forEach((head, at) => head.classList.toggle("tdx-lit", at === column));
    for (const [down, line] of this.cells.entries()) {
      line.forEach((each, right) => each.classList.toggle("tdx-cross", down === row || right === column));
    }
    const kept = this.pinned && this.pinned !== cell ? `Pinned: ${this.words(this.pinned)}` : "";
    const here = cell ? this.words(cell) : "";
    this.told.textContent = [here, kept].filter(Boolean).join(" · ") || QUIET;
    if (this.pinned) this.offer();
  }

  /** Keeps a cell in the line; one that is kept already, or none, lets it go. */
  pin(cell) {
    this.pinned?.classList.remove("tdx-pinned");
    this.pinned = cell === this.pinned ? null : cell;
    this.pinned?.classList.add("tdx-pinned");
    this.show(cell ?? this.focused());
  }

  /** A button that has the pinned cell played, where something on the page plays it; or why it cannot be. */
  offer() {
    const { plays } = this.place.dataset;
    if (!plays || !document.querySelector(`.tdx-picked[data-plays="${plays}"]`)) return;
    const [row, column] = this.where(this.pinned);
    const { still } = { ...this.columns[column].dataset, ...this.rows[row].dataset };
    if (still) {
      this.told.append(` · ${still}`);
      return;
    }
    const detail = { plays, row: nameOf(this.rows[row]), column: nameOf(this.columns[column]) };
    const button = document.createElement("button");
    Object.assign(button, {
      className: "tdx-play",
      type: "button",
      textContent: `play ${detail.row} and ${detail.column}`,
    });
    button.dataset.lmSuppressShortcuts = "true";
    button.onclick = () => document.dispatchEvent(new CustomEvent("tdx-play", { detail }));
    this.told.append(" ", button);
  }

  /** Makes a cell the one that Tab reaches. */
  reach(cell) {
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = cell;
    if (cell) cell.tabIndex = 0;
  }

  go(cell) {
    this.reach(cell);
    const wide = this.table.tHead.rows[0].cells[0].offsetWidth; // the names stand still: what is reached must not lie under them
    this.place.style.setProperty("--tdx-side", `${wide}px`);
    cell.focus();
  }

  /** The next cell in a direction that is seen, the last with `whole`; the same where there is none. */
  next(cell, [down, right], whole) {
    let found = cell;
    let [row, column] = this.where(cell);
    for (;;) {
      [row, column] = [row + down, column + right];
      const each = this.cells[row]?.[column];
      if (!each) return found;
      if (isSeen(each)) found = each;
      if (isSeen(each) && !whole) return found;
    }
  }

  pressed(event) {
    const cell = event.target.closest("td");
    const whole = event.ctrlKey || event.metaKey;
    if (!cell || event.altKey || event.shiftKey) return;
    if (STEPS[event.key]) this.go(this.next(cell, STEPS[event.key], whole));
    else if (ENDS[event.key]) {
      const [along, across] = ENDS[event.key];
      this.go(this.next(whole ? this.next(cell, across, true) : cell, along, true));
    } else if (event.key === "Enter" || event.key === " ") this.pin(cell);
    else if (event.key === "Escape" && this.pinned) this.pin(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Leaves the rows and columns that have the word in their names, and those that have a sign where they meet them. */
  leave(word) {
    const has = head => nameOf(head).toLowerCase().includes(word);
    const [rows, columns] = [this.rows.map(has), this.columns.map(has)];
    const meets = (row, column) => (rows[row] || columns[column]) && this.cells[row][column].textContent !== "";
    for (const [row, line] of this.lines.entries()) {
      line.hidden = !rows[row] && !columns.some((_, column) => meets(row, column));
    }
    for (const [column, head] of this.columns.entries()) {
      head.hidden = !columns[column] && !rows.some((_, row) => meets(row, column));
      for (const [row, line] of this.cells.entries()) {
        line[column].hidden = head.hidden;
        line[column].classList.toggle("tdx-faint", !rows[row] && !columns[column]);
      }
    }
  }
}

for (const place of document.querySelectorAll(".tdx-grid:not([data-mounted])")) {
  place.dataset.mounted = "";
  Grid.mount(place);
}
