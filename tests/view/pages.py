"""What tests of the page's scripts share: a model that no kernel hears, and pictures as trees."""


class FakeModel:
    """A page with a widget in it and its model: `sent` what it would tell its kernel, `saved` what it set, `hears` what comes from there."""

    MODEL = """values => {
        const heard = new Map();
        const model = {
            values, sent: [], buffers: [], saved: [], dead: false,
            get: name => values[name],
            widget_manager: { get_model: async id => ({ get: name => values[`${id}.${name}`] }) },
            set(name, value) { if (values[name] === value) return; values[name] = value; model.fire(`change:${name}`); },
            save_changes() { model.saved.push({ ...values }); },
            on(event, does) { heard.set(event, [...(heard.get(event) ?? []), does]); },
            off(event, does) { heard.set(event, (heard.get(event) ?? []).filter(one => one !== does)); },
            fire(event, ...more) { for (const does of heard.get(event) ?? []) does(...more); },
            listeners: () => [...heard.values()].flat().length,
            send(message, callbacks, buffers = []) {
                if (model.dead) throw new Error("the comm is closed");
                model.sent.push(message);
                model.callbacks = callbacks;
                model.buffers.push(...buffers.map(one => new TextDecoder().decode(one)));
            },
        };
        window.model = model;
    }"""

    ADDRESS = "about:blank"

    def __init__(self, page, script, values, html):
        self.page, self.complaints = page, []
        self.heard = {"pageerror": self._threw, "console": self._said}
        for event, does in self.heard.items():
            page.on(event, does)
        page.set_default_timeout(8_000)
        page.set_viewport_size({"width": 1280, "height": 720})
        page.goto(self.ADDRESS)
        page.set_content(html)
        page.evaluate(self.MODEL, values)
        page.evaluate(IMPORT, script)
        page.evaluate("window.end = script.default.render({ model, el: document.querySelector('#place') }); 0")

    def _threw(self, error):
        self.complaints.append(str(error))

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def leave(self):
        """Hears no more of the page; returns what it complained of."""
        for event, does in self.heard.items():
            self.page.remove_listener(event, does)
        return self.complaints

    @property
    def sent(self):
        return self.page.evaluate("model.sent")

    @property
    def saved(self):
        return self.page.evaluate("model.saved")

    def press(self, *keys):
        """Presses keys where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self):
        """Puts the focus on the stepper."""
        self.page.locator(".tdx-stepper").focus()

    def count(self):
        """Where a stepper says that it stands."""
        return self.page.locator(".tdx-count").inner_text()

    def hears(self, event, *more):
        self.page.evaluate("([event, more]) => model.fire(event, ...more)", [event, more])

    def gets(self, name, value):
        self.page.evaluate("([name, value]) => model.set(name, value)", [name, value])

    def ends(self):
        """Takes the widget away; returns how many still listen to its model."""
        return self.page.evaluate("() => { window.end(); return model.listeners(); }")


IMPORT = """async text => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    window.script = await import(url);
}"""


def shape(element):
    """A tree of (name, attributes, text) that two renderings of one picture share."""
    skip = {"class", "role", "aria-label", "aria-hidden"} if element.tag.endswith("svg") else set()
    attributes = {k: v for k, v in element.attrib.items() if k not in skip}
    return element.tag.rpartition("}")[2], attributes, element.text or "", [shape(e) for e in element]
