"""Recall: a short question about the last section, with its answer folded."""

import ast
import html

from coursekit.labs.cards import prose, show

FOLD = "Think first; then open the answer"


def recall(key: str, question: str, *, answer: str) -> None:
    """Asks a question, and keeps the answer folded; not graded, nothing is recorded.

    key: names the question, like "06-ageing". question, answer: prose, in which `code` and
    *emphasis* are formatted.

    In a lab the builder turns the call into a Markdown cell, since its code would show the answer.
    """
    markup = (
        f'<div class="coursekit-recall" id="recall-{html.escape(key)}" style="margin:4px 0;'
        f'max-width:52em"><strong>{prose(question)}</strong>'
        f'<details><summary style="cursor:pointer">{FOLD}</summary>{prose(answer)}</details></div>'
    )
    show(f"{question}\n  Answer: {answer}", markup)


def asked(code: str) -> tuple[str, str, str] | None:
    """Key, question and answer if the code is a call of `recall` and nothing else.

    Raises ValueError if they are not written out in the call.
    """
    body = ast.parse(code).body
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "recall":
        return None
    texts = [*call.args, *(word.value for word in call.keywords if word.arg == "answer")]
    found = [each.value for each in texts if isinstance(each, ast.Constant)]
    if len(found) != 3 or len(texts) != 3:
        cure = 'write recall("key", "the question", answer="the answer")'
        raise ValueError(f"a recall whose texts are not in the call: {cure}")
    key, question, answer = map(str, found)
    return key, question, answer


def markdown(question: str, answer: str) -> str:
    """The question with its folded answer; the browser opens the fold without a kernel."""
    return f"**{question}**\n\n<details><summary>{FOLD}</summary>\n\n{answer}\n\n</details>"
