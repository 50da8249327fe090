"""Signing in at the emulator's pool as the page does: a code with PKCE, and a second factor."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.people import Account, offboard, onboard
from local.second_factor import SecondFactors, totp
from local.stack import Stack
from referral_core.domain.access.principal import Person
from referral_core.domain.lifecycle import Queue

VERIFIER: Final = "a-verifier-that-is-long-enough-for-what-the-standard-asks"
SCOPE: Final = "openid referrals/read referrals/write"


@pytest.fixture(scope="module")
def account(stack: Stack) -> Account:
    person = Person(name="Ines Moreau")
    teams = {Queue.FRONT_OFFICE}
    return onboard(stack.emulator, stack.deployment, "ines", person, teams)


def page_of(stack: Stack) -> str:
    return f"{stack.api_url}/console"


def code_of(stack: Stack, account: Account) -> str:
    """Sign in at the pool's page; return the code that it sends to the console."""
    challenge = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": stack.deployment["ConsoleClientId"],
        "redirect_uri": page_of(stack),
        "scope": SCOPE,
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = stack.emulator.endpoint
    with httpx.Client(base_url=endpoint, timeout=60) as browser:
        assert browser.get("/oauth2/authorize", params=asked).status_code == 200
        typed = {**asked, "username": account.username, "password": account.password}
        back = browser.post("/login", data=typed)
    assert back.status_code == 302, back.text
    return parse_qs(urlsplit(back.headers["location"]).query)["code"][0]


def exchanged(stack: Stack, code: str, verifier: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": stack.deployment["ConsoleClientId"],
        "redirect_uri": page_of(stack),
        "code": code,
        "code_verifier": verifier,
    }
    return httpx.post(stack.token_url, data=form, timeout=60)


def test_the_page_is_served_and_its_script_too(stack: Stack) -> None:
    page = httpx.get(page_of(stack), timeout=60)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    source = page.text.split('<script type="module" src="')[1].split('"')[0]
    script = httpx.get(f"{stack.emulator.endpoint}{source}", timeout=60)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]


def test_a_person_signs_in_without_a_secret_and_is_who_they_are(
    stack: Stack, account: Account
) -> None:
    code = code_of(stack, account)
    assert exchanged(stack, code, "another-verifier").status_code == 400
    token = exchanged(stack, code, VERIFIER).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = httpx.get(f"{stack.api_url}/me", headers=headers, timeout=60).json()
    assert (me["name"], me["teams"]) == ("Ines Moreau", ["front-office"])
    other = httpx.get(f"{stack.api_url}/work-items?queue=clinical-review", headers=headers)
    assert other.status_code == 403


def test_who_has_a_second_factor_is_asked_for_it(stack: Stack, account: Account) -> None:
    """The emulator lets in who has none yet; that the pool requires one the template says."""
    pool = stack.deployment["UserPoolId"]
    factors = SecondFactors(stack.emulator.client("cognito-idp"), pool)
    secret = factors.enrolled(account)

    asked = factors.begun(account)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    done = factors.answered(account, asked["Session"], totp(secret))
    assert done["AuthenticationResult"]["AccessToken"]


def test_who_has_left_signs_in_no_more(stack: Stack, account: Account) -> None:
    offboard(stack.emulator, stack.deployment, account.username)
    with pytest.raises(AssertionError, match="Sign in"):
        code_of(stack, account)
