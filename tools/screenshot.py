"""Make the README's pictures again, from the running lab: ``python tools/screenshot.py``."""

from pathlib import Path

from tools.lab import Chromium, Lab

ROOT = Path(__file__).resolve().parent.parent
# file: theme. The cell is notebook 04's v2 and the schedule with the fewest switches, at its last step.
PICTURES = {"stepper-light.png": "JupyterLab Light", "stepper-dark.png": "JupyterLab Dark"}


def main(folder: Path = ROOT / "docs") -> None:
    """Run notebook 04 and photograph its counterexample in both themes."""
    folder.mkdir(exist_ok=True)
    with Lab(ROOT / "notebooks") as lab, Chromium() as chromium:
        page = chromium.open(
            lab, "04-refcount-races.ipynb", viewport={"width": 1440, "height": 1010}, device_scale_factor=1.5
        )
        page.run_all()
        assert page.cell_errors() == []
        page.command("application:toggle-left-area")
        for name, theme in PICTURES.items():
            page.theme(theme)
            cell = page.cell("fewest-switches")
            cell.locator(".tdx-stepper").get_by_role("button", name="Last", exact=True).click()
            cell.evaluate("cell => cell.scrollIntoView({block: 'start'})")
            page.page.wait_for_timeout(500)
            page.page.screenshot(path=folder / name)
            print(folder / name)
        page.close()


if __name__ == "__main__":
    main()
