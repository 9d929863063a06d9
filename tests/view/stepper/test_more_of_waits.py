"""Who waits for whom, where the one who holds is no actor of the run, and where a name hides something."""

from tdxkit.run import Run, Step, Wait
from tdxkit.view.kit.theme import actor_roles
from tdxkit.view.stepper.payload import run_data


def waiting(actors, wait):
    return run_data(Run("t", actors, {"x": 0}, (Step(actors[0], "l", "s", waits=(wait,)),)))


def test_a_holder_from_outside_of_the_run_has_a_box():
    data = waiting(("CPU 0", "CPU 1"), Wait("CPU 0", "firmware", "c"))
    assert data["waiting"] == [-1, 0] and "firmware" in data["waitPictures"][0]


def test_a_name_with_a_hidden_character_is_drawn_with_what_it_hides():
    for wait in (Wait("CPU 0", "B\u202e", "c"), Wait("B\u202e", "CPU 0", "c")):
        data = waiting(("CPU 0", "B\u202e"), wait)
        [picture] = data["waitPictures"]
        assert data["waiting"] == [-1, 0] and "\\u202e" in picture and "\u202e" not in picture


def test_a_cpu_keeps_the_colour_of_its_number_where_another_would_have_it_too():
    assert actor_roles(("CPU 3", "CPU 10")) == [3, 4]
    assert actor_roles(tuple(f"CPU {k}" for k in range(12)))[:7] == [0, 1, 2, 3, 4, 5, 6]
