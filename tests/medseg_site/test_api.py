import medseg
from medseg_site import api


def test_every_name_that_a_notebook_may_import_from_a_module_has_its_entry():
    pages = api.pages()
    for name in medseg.PUBLIC["medseg.cases"]:
        assert f":: medseg.cases.{name}\n" in pages["medseg.cases"]
    assert ".. autofunction:: medseg.check\n" in pages["medseg"]
    assert ".. autofunction:: medseg.widgets.two_boxes\n" in pages["medseg.widgets"]
    assert not [name for name in pages if "grader" in name or "lecture" in name]
