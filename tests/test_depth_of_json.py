"""How deep JSON may nest: a hundred lists and objects in each other, in whatever order and beside whatever else."""

import json

import pytest

from tdxkit.intake import read_json


def nested(kinds):
    """A value that nests as the letters say: o an object, l a list."""
    value = 7
    for kind in kinds:
        value = {"[{": value} if kind == "o" else [value]
    return json.dumps([["a }]", "beside"]] * 70 + [value])  # many more brackets than levels


@pytest.mark.parametrize("kinds", ["l" * 99, "o" * 99, "lo" * 49 + "l", "o" * 50 + "l" * 49])
def test_a_hundred_deep_is_read_and_one_more_is_refused(kinds):
    text = nested(kinds)
    assert read_json(text) == json.loads(text)
    with pytest.raises(ValueError, match="it nests more than 100 deep"):
        read_json(nested(kinds + "l"))
    with pytest.raises(ValueError, match="it nests more than 100 deep"):
        read_json(nested("o" + kinds).encode())


@pytest.mark.parametrize("one", ["[", '{"a":'])
def test_with_nothing_beside_it_the_limit_is_the_same(one):
    last = "]" if one == "[" else "}"
    assert read_json(one * 100 + "7" + last * 100) == json.loads(one * 100 + "7" + last * 100)
    with pytest.raises(ValueError, match="more than 100 deep"):
        read_json(one * 101 + "7" + last * 101)
