"""Rows to learn from for pictures: film reviews from a package, and Korean messages to a shop, put together by hand."""

from __future__ import annotations

import csv
import random
from itertools import product
from pathlib import Path

from toolkit.data.packaged_data import read_packaged

N_REVIEWS = 1600
SEED = 0

KOREAN = {
    "배송": (
        ("택배가", "주문한 물건이", "어제 산 책이", "선물 상자가", "교환한 옷이", "예약 상품이"),
        (
            "아직 안 왔어요",
            "언제 도착하나요",
            "다른 집으로 갔어요",
            "일주일째 안 움직여요",
            "문 앞에 없어요",
            "오늘 안에 올까요",
        ),
    ),
    "환불": (
        ("이 신발", "지난주에 산 셔츠", "불량 이어폰", "사은품까지 다", "뜯지 않은 화장품", "잘못 산 케이블"),
        ("환불해 주세요", "반품하고 싶어요", "돈으로 돌려받을 수 있나요", "돌려보낼게요", "취소되나요", "물러 주세요"),
    ),
    "결제": (
        ("카드 결제가", "자동 이체가", "포인트 사용이", "할인 쿠폰이", "휴대폰 결제가", "무통장 입금이"),
        ("두 번 됐어요", "자꾸 실패해요", "확인이 안 돼요", "왜 안 되죠", "취소로 나와요", "금액이 달라요"),
    ),
    "계정": (
        ("비밀번호를", "아이디를", "전화번호를", "메일 주소를", "회원 이름을", "로그인 기록을"),
        ("잊어버렸어요", "바꾸고 싶어요", "어디서 고치나요", "잘못 적었어요", "지워 주세요", "다시 등록할래요"),
    ),
    "칭찬": (
        ("상담원분이", "새로 바뀐 앱이", "포장이", "기사님이", "여기 서비스가", "사진이랑 실물이"),
        ("정말 친절해요", "너무 마음에 들어요", "최고예요", "기대보다 좋네요", "참 고마웠어요", "아주 훌륭해요"),
    ),
}
"""Beginnings and ends of sentences by label."""


def write_rows(folder: Path) -> None:
    """Write ``reviews.csv`` and ``messages.csv``, the same ones each time."""
    reviews = read_packaged("rotten-tomatoes").columns
    _write(folder / "reviews.csv", list(zip(reviews["text"], reviews["label"], strict=True)), n_rows=N_REVIEWS)
    messages = [(" ".join(words), label) for label, parts in KOREAN.items() for words in product(*parts)]
    _write(folder / "messages.csv", messages, n_rows=len(messages))


def _write(file: Path, rows: list[tuple[str, str]], *, n_rows: int) -> None:
    random.Random(SEED).shuffle(rows)
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("text", "label"), *rows[:n_rows]])
