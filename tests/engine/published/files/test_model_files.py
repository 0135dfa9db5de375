"""`engine models`: official files are found in any arrangement, judged by their content, and make methods usable."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import torch
from scipy.io import savemat

from engine.cli import main
from engine.published.files import FILES, file_states, models_report, required_paths, status, why_not
from engine.published.files import check as checking
from engine.published.nets.official import NETWORKS
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.methods import METHODS
from engine.wire.user_settings import UserSettings, model_files_folder, read_user_settings, write_user_settings
from support.golden.nets import common_rule, filled
from support.serve_client import Client


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HRN_MODEL_FILES", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def small_network():
    """3DDFA-V3's small network, 13 MB, as its file has it."""
    return {"net_recon": filled(NETWORKS["tddfa_v3.coarse_mobilenet"].build, common_rule()).state_dict()}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "licensed files"
    path.mkdir()
    return path


def states(method, folder):
    return {state.key: state for state in file_states(method, folder)}


def test_every_method_names_files_of_the_table_and_networks_that_exist():
    used = [key for method in METHODS.values() for key in method.files + method.optional_files]
    assert set(used) == set(FILES) and len(FILES) > 20
    for file in FILES.values():
        assert file.terms and bool(file.networks) != bool(file.data)
        for name in (name for group in file.networks for name in group):
            assert NETWORKS[name].file == file.name
        assert not file.data or file.data in checking._DATA


def test_nothing_is_there(folder):
    report = models_report(folder)
    rows = {row["name"]: row for row in report["methods"]}
    published = [method.name for method in METHODS.values() if method.files]
    assert set(rows) == {"open", *published} and rows["open"]["ready"] and not rows["open"]["missing"]
    assert not rows["deep3d"]["ready"] and all(
        "epoch_20.pth" not in text or "Deep3DFaceRecon" in text for text in rows["deep3d"]["missing"]
    )
    assert {file["state"] for name in published for file in rows[name]["files"]} == {"missing"}
    with pytest.raises(HrnError) as caught:
        required_paths("deep3d", folder)
    assert caught.value.code is ErrorCode.MODEL_MISSING and "epoch_20.pth" in caught.value.message


@pytest.mark.parametrize("place", [".", "checkpoints/any name", "a/b/c/d/e"])
def test_a_file_is_found_wherever_it_lies_below_the_folder(folder, small_network, place):
    path = folder / place / "net_recon_mbnet.pth"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(small_network, path)
    assert states("tddfa_v3", folder)["tddfa_mobilenet"][2:4] == ("there", path)


def test_a_name_is_not_enough(folder, small_network):
    torch.save(small_network, folder / "net_recon.pth")
    (folder / "net_recon_mbnet.pth").write_text("<html>Please sign in</html>")
    np.save(folder / "bfm_uvs2.npy", np.zeros((100, 2), np.float32))
    savemat(folder / "similarity_Lm3D_all.mat", {"lm": np.zeros((5, 3))})
    found = {**states("tddfa_v3", folder), **states("hrn", folder)}
    assert {found[key].state for key in ("tddfa_resnet", "tddfa_mobilenet", "uv", "lm3d")} == {"wrong"}
    assert "CoarseNet" in found["tddfa_resnet"].problem and "web page" in found["tddfa_mobilenet"].problem
    assert "lm" in found["lm3d"].problem and "(35709, 2)" in found["uv"].problem
    assert any("web page" not in text and "CoarseNet" in text for text in why_not("tddfa_v3", folder))


def test_a_good_copy_beside_a_bad_one_is_taken(folder, small_network):
    (folder / "net_recon_mbnet.pth").write_bytes(b"PK\x03\x04 cut off")
    (folder / "again").mkdir()
    torch.save(small_network, folder / "again" / "net_recon_mbnet.pth")
    assert states("tddfa_v3", folder)["tddfa_mobilenet"].path == folder / "again" / "net_recon_mbnet.pth"


def test_a_file_is_read_once_until_it_changes(folder, small_network, monkeypatch):
    path = folder / "net_recon_mbnet.pth"
    torch.save(small_network, path)
    read = []
    check = checking._check
    monkeypatch.setattr(checking, "_check", lambda file, path: (read.append(path.name), check(file, path)))
    for _ in range(3):
        assert states("tddfa_v3", folder)["tddfa_mobilenet"].state == "there"
    assert read == [path.name]
    data = bytearray(path.read_bytes()[:-1000])
    path.write_bytes(data)
    assert states("tddfa_v3", folder)["tddfa_mobilenet"].state == "wrong"
    assert len(read) == 2
    torch.save(small_network, path)
    before = path.stat()
    assert states("tddfa_v3", folder)["tddfa_mobilenet"].state == "there"
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    unread = [state.state for state in file_states("tddfa_v3", folder, read=False) if state.key == "tddfa_mobilenet"]
    assert unread == ["unread"]


def test_two_files_of_one_name_are_told_apart(folder):
    """ModelScope's face and head models have the same file name; the head's holds one network only."""
    for name in ("hrn_face", "hrn_head"):
        assert FILES[name].name == "pytorch_model.pt"
    path = folder / "pytorch_model.pt"
    torch.save({"net_recon": {}, "mid_net": {}, "high_net": {}}, path)
    problem = states("hrn_head", folder)["hrn_head"].problem
    assert "another method" in problem and "another method" not in states("hrn_face", folder)["hrn_face"].problem


@pytest.mark.parametrize("face, head", [("a", "b"), ("b", "a"), (".", "b"), ("b", ".")])
def test_networks_of_one_name_and_one_content_go_with_their_neighbours(folder, monkeypatch, face, head):
    """The face of February 2023 and the head have a network of the same name, entries and sizes."""
    monkeypatch.setattr(status, "verdict", lambda file, path: "")
    for place, mine in (
        (face, ("assets/head_model_for_maas.mat", "template_mesh.obj")),
        (head, ("assets/3dmm/BFM/ourRefineFull_model.mat", "assets/3dmm/inds/bfm_keep_inds.npy")),
    ):
        for name in ("pytorch_model.pt", "assets/similarity_Lm3D_all.mat", *mine):
            (folder / place / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / place / name).touch()
    assert states("hrn_face_fit", folder)["fit_coarse"].path == folder / face / "pytorch_model.pt"
    assert states("hrn_head", folder)["hrn_head"].path == folder / head / "pytorch_model.pt"


def test_commercial_work_hides_what_licences_forbid(folder, capsys):
    rows = {row["name"]: row for row in models_report(folder, commercial=True)["methods"]}
    assert [name for name, row in rows.items() if not row["hidden"]] == ["open"]
    assert main(["models", "--folder", str(folder), "--commercial"]) == 0
    printed = capsys.readouterr().out
    assert "epoch_20.pth" not in printed and "Hidden" in printed and "open         ready" in printed
    assert not any(row["hidden"] for row in models_report(folder, commercial=False)["methods"])


def test_the_folder_comes_from_option_environment_setting_or_the_engines_home(home, folder, monkeypatch, capsys):
    assert model_files_folder() == home / "model_files"
    assert main(["models", "--folder", str(folder), "--commercial", "--save"]) == 0
    assert read_user_settings() == UserSettings(str(folder), True) and model_files_folder() == folder
    monkeypatch.setenv("HRN_MODEL_FILES", str(folder / "other"))
    assert model_files_folder() == folder / "other"
    capsys.readouterr()
    assert main(["models", "--json", "--folder", str(folder / "third"), "--no-commercial"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["folder"] == str(folder / "third") and report["commercial_work"] is False
    assert read_user_settings() == UserSettings(str(folder), True)


def test_settings_of_others_in_the_file_stay(home):
    home.mkdir()
    (home / "settings.json").write_text('{"theirs": 1, "model_files": 5}')
    assert read_user_settings() == UserSettings()
    write_user_settings(UserSettings("/x", False))
    assert json.loads((home / "settings.json").read_text()) == {"theirs": 1, "model_files": "/x", "commercial_work": False}


def test_the_model_is_made_of_its_2009_edition_or_the_reason_is_told(folder, capsys):
    assert main(["models", "--folder", str(folder), "--make-bfm", str(folder)]) == 31
    assert "01_MorphableModel.mat" in capsys.readouterr().err


def test_the_server_answers_the_same(folder, small_network, home):
    torch.save(small_network, folder / "net_recon_mbnet.pth")
    with Client() as client:
        client.send(1, "models", folder=str(folder))
        report = client.answer(1)["result"]
        client.send(2, "models", folder=5)
        assert client.answer(2)["error"]["code"] == "SETTINGS_INVALID"
    assert report["offered"] == ["open"]
    files = {file["name"]: file for row in report["methods"] for file in row["files"]}
    assert files["net_recon_mbnet.pth"]["state"] == "there"
    del report["offered"]
    assert report == json.loads(json.dumps(models_report(folder)))
    shutil.rmtree(folder)
