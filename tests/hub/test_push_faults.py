"""Rows 62 to 64, 66 and 67 of reliability.md: what a hub and the way to it can do to a push."""

from __future__ import annotations

import pytest
from push_cases import FILES, REPO, client, pushes, remote, send

from toolkit.errors import HubError
from toolkit.hub.push import remote as remote_module
from toolkit.hub.push.failures import redacted
from toolkit.hub.push.preflight import check_account

CHANGED = {**FILES, "config.json": b"{}"}
PORTAL = "<html><title>Log in to the hotel's network</title></html>"
UPLOAD = {
    "preupload": r"POST .*/preupload/",
    "batch": r"POST .*/objects/batch",
    "put": r"PUT /storage/",
    "verify": r"POST .*/objects/verify",
}
OURS = {
    "create": r"POST /api/repos/create",
    "validate": r"POST /api/validate-yaml",
    "commit": r"POST .*/commit/",
    "reading": r"GET /api/models/alice/model(/revision/main)?$",
    "tree": r"GET /api/models/.*/tree/",
    "history": r"GET /api/models/.*/commits/",
}


def checked_and_sent(hub):
    check_account(client(hub), REPO)
    return send(hub)


@pytest.mark.parametrize("step", UPLOAD)
@pytest.mark.parametrize("status", [500, 503, 429])
def test_uploads_that_fail_for_a_while_are_repeated_by_the_client(loopback_hub, waits, step, status):
    fault = loopback_hub.faults.add(UPLOAD[step], status=status, times=2, headers={"Retry-After": "3"})
    send(loopback_hub)
    assert fault.hits == 2
    assert waits == [4.0, 4.0]
    assert (remote(loopback_hub), pushes(loopback_hub)) == (FILES, 1)


@pytest.mark.parametrize("step", OURS)
@pytest.mark.parametrize(
    "what",
    [
        {"status": 500, "body": PORTAL},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 503},
        {"drop_answer": True},
    ],
    ids=["500 with a page", "429", "503", "lost answer"],
)
def test_what_the_client_does_not_repeat_we_do_and_no_commit_comes_twice(loopback_hub, waits, step, what):
    fault = loopback_hub.faults.add(OURS[step], times=2, **what)
    send(loopback_hub)
    assert fault.hits
    assert (remote(loopback_hub), pushes(loopback_hub)) == (FILES, 1)
    assert len(loopback_hub.repos[REPO].commits) == 2


@pytest.mark.parametrize("step", ["preupload", "commit"])
@pytest.mark.parametrize(
    ("status", "words"),
    [(501, "does not offer pull requests"), (405, "does not offer pull requests"), (403, "may not open a pull")],
)
def test_a_hub_without_pull_requests_is_told_as_that_and_the_advice_works(loopback_hub, waits, step, status, words):
    send(loopback_hub)
    fault = loopback_hub.faults.add(rf"POST .*/{step}/.*create_pr", status=status, times=99)
    with pytest.raises(HubError, match=words) as told:
        send(loopback_hub, CHANGED, create_pr=True)
    assert f"HTTP {status}" in str(told.value)
    assert (fault.hits, waits) == (1, [])  # it is final, so nothing is tried again
    assert remote(loopback_hub) == FILES
    assert "--create-pr" in str(told.value)
    send(loopback_hub, CHANGED)
    assert remote(loopback_hub) == CHANGED


@pytest.mark.parametrize("status", [405, 501])
def test_what_a_hub_does_not_offer_beside_them_is_not_called_a_pull_request(loopback_hub, waits, status):
    loopback_hub.faults.add(OURS["create"], status=status, times=99)
    with pytest.raises(HubError, match="does not offer what was asked") as told:
        send(loopback_hub)
    assert "pull request" not in str(told.value)
    assert "--create-pr" not in str(told.value)


def test_lost_answer_of_a_commit_that_landed_is_a_success(loopback_hub):
    fault = loopback_hub.faults.add(OURS["commit"], drop_answer=True)
    pushed = send(loopback_hub, tag="v1")
    assert fault.hits == 1
    assert set(pushed.sent) == set(FILES)
    assert loopback_hub.repos[REPO].tags == {"v1": pushed.commit}
    assert len(loopback_hub.requests_with("transfer-toolkit 0")) == 1  # the commit went out once


def test_error_after_a_commit_that_landed_is_a_success(loopback_hub):
    loopback_hub.faults.add(OURS["commit"], status=500, carry_out=True, body=PORTAL)
    assert send(loopback_hub).commit == loopback_hub.repos[REPO].at().oid
    assert pushes(loopback_hub) == 1


def test_lost_answer_of_a_pull_request_makes_no_second_one(loopback_hub):
    send(loopback_hub)
    loopback_hub.faults.add(OURS["commit"], drop_answer=True)
    pushed = send(loopback_hub, CHANGED, create_pr=True)
    assert (pushed.pull_request, pushed.sent) == ("refs/pr/1", ("config.json",))
    assert [name for name in loopback_hub.repos[REPO].branches if "pr" in name] == ["refs/pr/1"]


def test_lost_answers_of_tag_and_branch(loopback_hub):
    send(loopback_hub)
    loopback_hub.faults.add(r"POST .*/tag/", drop_answer=True)
    loopback_hub.faults.add(r"POST .*/branch/", drop_answer=True)
    pushed = send(loopback_hub, CHANGED, revision="next", tag="v2")
    assert loopback_hub.repos[REPO].tags == {"v2": pushed.commit}


@pytest.mark.parametrize("step", UPLOAD | OURS)
def test_fault_that_stays_ends_in_one_line_and_leaves_the_old_commit(loopback_hub, waits, step):
    if step != "create":
        before = send(loopback_hub).commit
    fault = loopback_hub.faults.add((UPLOAD | OURS)[step], status=503, times=None)
    changed = {**FILES, "README.md": b"---\nlicense: mit\n---\nnew", "model.safetensors": b"\1" * 9000}
    with pytest.raises(HubError) as failed:
        send(loopback_hub, changed)
    assert "\n" not in str(failed.value)
    assert loopback_hub.token not in str(failed.value)
    loopback_hub.faults.clear()
    assert fault.hits >= 3
    if step != "create":
        assert loopback_hub.repos[REPO].at().oid == before
    send(loopback_hub, changed)  # and running again completes it
    assert remote(loopback_hub) == changed


def test_longer_pause_than_a_person_waits_ends_at_once(loopback_hub, waits):
    fault = loopback_hub.faults.add(OURS["commit"], status=429, times=None, headers={"Retry-After": "3600"})
    with pytest.raises(HubError, match="asks to wait"):
        send(loopback_hub)
    assert fault.hits == 1


@pytest.mark.parametrize("size", [0, 1, 5_000])
def test_upload_that_breaks_off_is_begun_again(loopback_hub, waits, size):
    loopback_hub.faults.add(UPLOAD["put"], drop_after_bytes=size, times=2)
    send(loopback_hub)
    assert remote(loopback_hub) == FILES


def test_upload_that_never_gets_through_changes_nothing(loopback_hub, waits):
    before = send(loopback_hub).commit
    loopback_hub.faults.add(UPLOAD["put"], drop_after_bytes=100, times=None)
    with pytest.raises(HubError, match=r"connection to the hub broke|in time|reached"):
        send(loopback_hub, {**FILES, "model.safetensors": b"\1" * 9000})
    assert loopback_hub.repos[REPO].at().oid == before


def test_storage_that_finds_another_digest_is_told_in_one_line(loopback_hub):
    loopback_hub.faults.add(UPLOAD["put"], status=400, body="BadDigest", times=None)
    with pytest.raises(HubError, match=r"refused what was sent; HTTP 400: BadDigest"):
        send(loopback_hub)
    assert pushes(loopback_hub) == 0


def test_slow_hub_is_not_waited_for_without_end(loopback_hub, monkeypatch):
    monkeypatch.setattr(remote_module, "ANSWER_SECONDS", 0.2)
    loopback_hub.faults.add(OURS["commit"], delay_seconds=1.0, carry_out=True)
    send(loopback_hub)
    assert pushes(loopback_hub) == 1
    loopback_hub.faults.add(OURS["commit"], delay_seconds=1.0, status=503, times=None)
    with pytest.raises(HubError, match="did not answer in time"):
        send(loopback_hub, CHANGED)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"status": 401, "body": {"error": "Invalid credentials"}}, "does not know this token.*hf auth login"),
        ({"status": 402}, "plan of this account"),
        ({"status": 403}, "token may not do this; take one with write access"),
        ({"status": 404, "headers": {"X-Error-Code": "RepoNotFound"}}, "no such repository"),
        ({"status": 413}, "more than the hub takes"),
        ({"status": 400, "body": {"error": "files contain secrets"}}, "refused what was sent.*files contain secrets"),
        ({"status": 403, "headers": {"X-Error-Code": "GatedRepo"}}, "is gated; ask for access on its page"),
    ],
    ids=["401", "402", "403", "404", "413", "400", "gated"],
)
@pytest.mark.parametrize("step", ["create", "commit"])
def test_refusals_are_one_line_with_what_to_do(loopback_hub, what, words, step):
    fault = loopback_hub.faults.add(OURS[step], times=None, **what)
    with pytest.raises(HubError, match=words) as failed:
        send(loopback_hub)
    assert fault.hits == 1  # it is final
    assert "\n" not in str(failed.value)
    assert loopback_hub.token not in str(failed.value)
    assert failed.value.exit_code == 5
    assert failed.value.__cause__ is None  # nor in a traceback
    assert failed.value.__suppress_context__


def test_repository_that_exists_is_no_fault(loopback_hub):
    loopback_hub.add_repo(REPO, private=True)
    send(loopback_hub)
    assert pushes(loopback_hub) == 1


def test_gated_repository_that_one_may_write_to_is_no_fault(loopback_hub):
    loopback_hub.add_repo(REPO, private=True, gated="manual")
    send(loopback_hub)
    assert remote(loopback_hub) == FILES


def test_server_that_repeats_the_token_does_not_get_it_shown(loopback_hub):
    loopback_hub.faults.add(OURS["create"], status=403, body={"error": f"token {loopback_hub.token} may not"})
    with pytest.raises(HubError, match="token <token> may not") as failed:
        send(loopback_hub)
    assert loopback_hub.token not in str(failed.value)


@pytest.mark.parametrize("path", [r"GET /api/whoami", r"GET /api/models/alice/model"])
def test_captive_portal(loopback_hub, path):
    loopback_hub.faults.add(path, status=200, body=PORTAL, times=None)
    with pytest.raises(HubError, match=r"something between.*answers in its place"):
        checked_and_sent(loopback_hub)


def test_captive_portal_in_the_middle_of_a_commit(loopback_hub):
    loopback_hub.faults.add(OURS["commit"], status=200, body=PORTAL, times=None)
    with pytest.raises(HubError, match="something between"):
        send(loopback_hub)
    assert pushes(loopback_hub) == 0


@pytest.mark.parametrize("path", [r"GET /api/whoami", r"GET /api/models/alice/model/tree"])
def test_redirect_to_another_host_does_not_take_the_token_along(loopback_hub, path):
    elsewhere = f"{loopback_hub.storage}/login"
    loopback_hub.faults.add(path, status=302, headers={"Location": elsewhere})
    with pytest.raises(HubError) as failed:
        checked_and_sent(loopback_hub)
    strangers = [request for request in loopback_hub.requests if request.path == "/login"]
    assert strangers
    assert not any("authorization" in request.headers for request in strangers)
    assert "\n" not in str(failed.value)


def test_hub_that_is_not_there(loopback_hub):
    with pytest.raises(HubError, match=r"cannot be reached; check the network and --endpoint"):
        remote_module.Hub("http://127.0.0.1:9", "hf_x", pauses=()).account()


def test_redaction():
    token = "hf_" + "a" * 34
    url = f"https://user:{token}@hub/x Bearer {token} {token}"
    assert token not in redacted(url)
    assert redacted("my secret word", "secret") == "my <token> word"
    assert "\n" not in redacted("a\nb")
