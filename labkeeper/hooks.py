"""Listening in on the methods of jupyter_server's managers, one object at a time and without subclassing."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async


def call_before(target: object, name: str, before: Callable[..., None], log: logging.Logger) -> None:
    """
    Call `before` with the arguments of each call of `target.name`, then the method itself.

    The method's result and errors stay as they are; an error of `before` is logged and changes nothing.
    """
    original = getattr(target, name, None)
    if not callable(original):
        return

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            before(*args, **kwargs)
        except Exception:
            log.exception("Labkeeper: could not note a call of %s.", name)
        return original(*args, **kwargs)

    setattr(target, name, wrapped)


def call_after(target: object, name: str, after: Callable[[], None]) -> None:
    """Call `after` when a call of the asynchronous `target.name` has ended, well or not."""
    original = getattr(target, name, None)
    if not callable(original):
        return

    @functools.wraps(original)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return await ensure_async(original(*args, **kwargs))
        finally:
            after()

    setattr(target, name, wrapped)


def call_around(target: object, name: str, enter: Callable[..., Callable[[], None]]) -> None:
    """Call `enter` with the arguments of each call of the asynchronous `target.name`, and what it gave at the end."""
    original = getattr(target, name, None)
    if not callable(original):
        return

    @functools.wraps(original)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        leave = enter(*args, **kwargs)
        try:
            return await ensure_async(original(*args, **kwargs))
        finally:
            leave()

    setattr(target, name, wrapped)
