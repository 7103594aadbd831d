"""Declarations are values: the same declaration written twice is equal, and another one is not."""

from __future__ import annotations

import runpy
from pathlib import Path

import attrs
import pytest

import tilla as tl
from tilla.datasets import ga4, klaviyo, shopify

MAKERS = {
    "shopify": lambda zone: shopify.curated(timezone=zone),
    "klaviyo": lambda zone: klaviyo.curated(timezone=zone),
    "ga4": lambda zone: ga4.curated(timezone=zone),
}


@pytest.mark.parametrize("source", list(MAKERS))
def test_a_dataset_composed_twice_is_equal(source: str) -> None:
    """Every object of the dataset, compared with `==` and never raising."""
    one, two = (MAKERS[source]("Europe/Madrid") for _ in range(2))
    assert [a.name for a, b in zip(one, two, strict=True) if a != b] == []


def test_another_zone_is_another_declaration() -> None:
    """Orders whose day is counted in another zone are not the same table."""
    one, two = ({o.name: o for o in shopify.curated(timezone=zone)} for zone in ("Europe/Madrid", "Asia/Tokyo"))
    assert one["data_shopify.orders"] != two["data_shopify.orders"]


def test_every_kind_of_object_compares() -> None:
    """A project file run twice gives equal objects: sources, views, dictionaries, roles and the rest."""
    path = str(Path(__file__).parent / "shop_project.py")
    one, two = (runpy.run_path(path)["project"] for _ in range(2))
    assert isinstance(one, tl.Project)
    assert [a.name for a, b in zip(one.objects, two.objects, strict=True) if a != b] == []


def test_no_key_function_hides_behind_a_field_of_its_name() -> None:
    """attrs finds `_<field>_key` of a module before the field's own key function: a name that must not be used."""
    import importlib
    import pkgutil

    import tilla

    wrong = []
    for info in pkgutil.walk_packages(tilla.__path__, "tilla."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and attrs.has(value) and value.__module__ == module.__name__:
                for field in attrs.fields(value):
                    found = vars(module).get(f"_{field.name}_key")
                    if found is not None and field.eq_key is not None and field.eq_key is not found:
                        wrong.append(f"{value.__qualname__}.{field.name}")
    assert wrong == []
