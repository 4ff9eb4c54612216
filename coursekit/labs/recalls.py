"""Recall: a short question on what was just seen, and its answer when the learner asks for it."""

import html

from coursekit.labs.cards import prose, show


def recall(key: str, question: str, *, answer: str) -> None:
    """Asks a question, and keeps the answer folded; not graded, nothing is recorded.

    key: names the question, like "06-ageing". question, answer: prose, where `code` and *emphasis*
    are set.

    The fold is the browser's own, so it opens without a kernel as well.
    """
    fold = '<summary style="cursor:pointer">Think first; then open the answer</summary>'
    markup = (
        f'<div class="coursekit-recall" id="recall-{html.escape(key)}" style="margin:4px 0;'
        f'max-width:52em"><strong>{prose(question)}</strong>'
        f"<details>{fold}{prose(answer)}</details></div>"
    )
    show(f"{question}\n  Answer: {answer}", markup)
