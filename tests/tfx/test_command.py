"""`coursekit pipeline` refuses in one line what cannot work."""

import pytest

pytest.importorskip("tfx")

from coursekit.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--data=nowhere"], "data='nowhere': no folder, and no data set of the kit's"),
        (["run", "--option=big"], "--option big: give NAME=VALUE"),
        (["run", "--strategy=nowhere.MyTuner"], "'nowhere.MyTuner': no such module"),
        (["run", "--tuner-fn=nowhere.tuner_fn"], "'nowhere.tuner_fn': no such module"),
        (["run", "--run-fn=coursekit.tfx.modules.images.rum_fn"], "there is no rum_fn in"),
        (["origin"], "metadata.sqlite: no metadata; has the pipeline run?"),
        (["compile", "--root=here", "--image=i"], "root='here' is not an address"),
        (["compile", "--root=gs://b", "--image=i"], "only small letters, digits and hyphens"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path, capsys, words, said):
    command, *options = words
    assert main(["pipeline", command, "--folder", str(tmp_path), *options]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("coursekit pipeline: ")
    assert said in line
