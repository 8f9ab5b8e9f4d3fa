"""The planted bugs: what each is, where it goes into the real code, and which tests of the harness have to fail on it."""

from __future__ import annotations

from dataclasses import dataclass

CATALOGUE = "tests/faults/test_catalogue.py"
REGRESSIONS = "tests/faults/test_regressions.py"
SECRETS = "tests/faults/test_secrets.py"
APPROVALS = "tests/test_approvals.py"
ARCHIVE = "tests/faults/test_archive.py"
WORLDS = "tests/sim/test_sim.py::test_seeded_worlds[memory-1016-14]"
"""The simulation itself: nobody wrote a test for what these bugs do, the checker has to see it."""


ANSWERS = "tests/faults/test_answers.py"
IDENTITY = "tests/faults/test_identity.py"

ASTRAY = "tests/sim/test_sim.py::test_worlds_whose_books_go_astray[memory-1-6]"
"""The worlds in which the books themselves go astray."""


@dataclass(frozen=True)
class Mutant:
    """One planted bug: (file, text, what stands there instead) for each place, and the tests that hunt it."""

    name: str
    patches: tuple[tuple[str, str, str], ...]
    hunters: tuple[str, ...]


def _one(name: str, file: str, old: str, new: str, *hunters: str) -> Mutant:
    return Mutant(name, ((file, old, new),), hunters)


JOB = "reconcile/job.py"
CLIENT = "reconcile/panel/client.py"
LANDING = "reconcile/core/landing.py"

MUTANTS: tuple[Mutant, ...] = (
    _one(
        "parse before journaling",
        JOB,
        "        try:\n            self.journal.answered(self.claim",
        '        reader(raw).claimed(Feed.ORDERS, "", raw, lambda: True)\n        try:\n            self.journal.answered(self.claim',
        f"{CATALOGUE}::test_the_answer_is_kept_before_anybody_reads_it",
    ),
    _one(
        "claim repeated after a timeout",
        CLIENT,
        "repeat=not (action.claims or action.once)",
        "repeat=not action.once",
        f"{CATALOGUE}::test_a_claim_without_an_answer_is_asked_once",
    ),
    Mutant(
        "append repeated without reading",
        (
            (JOB, "claimed = _not_landed(claimed, claim, run)", "claimed = claimed  # noqa: PLW0127"),
            (LANDING, "        if known is None or (", "        if True or ("),
        ),
        (f"{REGRESSIONS}::test_a_landing_the_journal_did_not_note_is_not_taken_for_a_second_handing_out",),
    ),
    _one(
        "ledger moved on send",
        "reconcile/core/settle.py",
        "return _unclear(push, row, result.reason, say)",
        "return accepted(push, row, now), Kind.WAITING, say.UNKNOWN.format(what=what(push, say))",
        f"{CATALOGUE}::test_the_ledger_moves_for_accepted_ids_only",
    ),
    _one(
        "ledger moved on HTTP 200",
        JOB,
        "return [Result(push, *_pair(found.get(push.target, unclear))) for push in pushes]",
        "return [Result(push, Verdict.ACCEPTED) for push in pushes]",
        f"{CATALOGUE}::test_the_ledger_moves_for_accepted_ids_only",
    ),
    _one(
        "a row number kept across a staff action",
        "reconcile/workbook/google.py",
        "                self._find(place, old, text)\n",
        "                row = {'values': [{'userEnteredValue': {'stringValue': text}}]}\n"
        "                at = {'sheetId': place.sheet, 'rowIndex': (by_text[old][0].number or 2) - 1}\n"
        "                at['columnIndex'] = place.columns[SYNC]\n"
        "                change = {'start': at, 'rows': [row], 'fields': 'userEnteredValue'}\n"
        "                self.requests.append({'updateCells': change})\n",
        f"{CATALOGUE}::test_sorting_between_any_two_calls_moves_no_answer",
    ),
    _one(
        "lease released early",
        JOB,
        "        LEASE: Lease(job.run, run.until).text(),\n        CLAIMING: _about_to_ask(",
        "        LEASE: None,\n        CLAIMING: _about_to_ask(",
        f"{CATALOGUE}::test_a_second_run_at_any_boundary_waits_its_turn",
    ),
    _one(
        "merge without uniqueness check",
        "reconcile/core/diff.py",
        "    if keys.is_unique:\n        return set()",
        "    if True:\n        return set()",
        f"{CATALOGUE}::test_doubled_ids_are_held_and_the_others_proceed",
    ),
    _one(
        "refund retried",
        CLIENT,
        "repeat=not (action.claims or action.once)",
        "repeat=not action.claims",
        f"{CATALOGUE}::test_a_refund_whose_answer_is_lost_is_not_tried_again",
    ),
    _one(
        "`sending` recorded after the call",
        JOB,
        "        if push.once and push not in run.postponed\n",
        "        if push.once and push not in run.postponed and run.results\n",
        f"{CATALOGUE}::test_a_refund_is_called_once_whatever_is_lost",
    ),
    _one(
        "ids made numeric",
        LANDING,
        '            "id": item.id,\n            "user"',
        '            "id": int(item.id) if item.id.isdecimal() else item.id,\n            "user"',
        f"{CATALOGUE}::test_formulas_of_customers_stay_text",
    ),
    _one(
        "empty tab read as “all deleted”",
        "reconcile/core/plan.py",
        "    if limit := _gone_limit(",
        "    if False and (limit := _gone_limit)(",
        f"{CATALOGUE}::test_an_emptied_tab_stops_everything",
    ),
    _one(
        "half of the rows may go",
        "reconcile/core/plan.py",
        "        if share > settings.max_gone_share and",
        "        if False and",
        "tests/core/test_plan.py::test_more_than_half_of_the_rows_gone_is_a_limit",
    ),
    _one(
        "USER_ENTERED",
        "reconcile/workbook/google.py",
        'cell["userEnteredValue"] = {"stringValue": storable(value)}',
        'cell["userEnteredValue"] = {"formulaValue" if value[:1] == "=" else "stringValue": storable(value)}',
        f"{CATALOGUE}::test_formulas_of_customers_stay_text",
    ),
    _one(
        "key in an exception",
        CLIENT,
        'return NeverSent(f"the panel at {self.url} could',
        'return NeverSent(f"the panel at {self.url} with {self._key.get_secret_value()} could',
        f"{SECRETS}::test_no_failure_of_a_call_shows_the_key",
    ),
    Mutant(
        "unbounded retry on 403",
        (
            ("reconcile/workbook/google_http.py", "TRIES: Final = 8", "TRIES: Final = 800"),
            ("reconcile/workbook/google_http.py", "PATIENCE: Final = 100.0", "PATIENCE: Final = 1e9"),
            ("reconcile/workbook/google_http.py", "_BUSY: Final = (408,", "_BUSY: Final = (403, 408,"),
        ),
        (f"{CATALOGUE}::test_a_sheet_unshared_in_mid_run",),
    ),
    _one(
        "fencing ignored",
        "reconcile/workbook/xlsx.py",
        "            if book.revision != after:",
        "            if False:",
        f"{CATALOGUE}::test_a_stale_writer_is_refused_whole",
    ),
    _one(
        "an update nobody heard of taken for none",
        JOB,
        "marks, doubtful, moving.ledger,",
        "marks, moving.ledger,",
        f"{REGRESSIONS}::test_a_value_put_back_after_an_update_nobody_heard_of_is_sent",
    ),
    _one(
        "a tick that can be used twice",
        JOB,
        "        **ticks,\n",
        "",
        f"{APPROVALS}::test_a_used_tick_that_could_not_send_is_listed_anew",
    ),
    _one(
        "a tick for whatever is stopped now",
        "reconcile/core/approvals.py",
        "        changes = sorted(map(_facts, about(limit, pushes)))",
        "        changes = [limit.text]",
        f"{APPROVALS}::test_a_later_edit_to_those_rows_voids_the_tick",
    ),
    _one(
        "a filled column taken for a tick",
        "reconcile/core/approvals.py",
        "and not record.stale and not self.stray",
        "and not record.stale",
        f"{APPROVALS}::test_true_pasted_over_the_whole_column_lets_nothing_through",
    ),
    _one(
        "a tick that moved taken for a new one",
        "reconcile/core/approvals.py",
        "stale = tick and (record.stale or (moved and not record.ticked))",
        "stale = False",
        f"{APPROVALS}::test_the_column_sorted_by_itself_moves_no_tick_to_another_list",
    ),
    _one(
        "archive removes by row number",
        "reconcile/workbook/google.py",
        "            self.requests += google_archive.requests(",
        "            for line in sorted((place.lines[key][0].number or 2 for key in self._archived), reverse=True):\n"
        "                gone = {'sheetId': place.sheet, 'dimension': 'ROWS', 'startIndex': line - 1, 'endIndex': line}\n"
        "                self.requests.append({'deleteDimension': {'range': gone}})\n"
        "            google_archive.requests(",
        f"{ARCHIVE}::test_sorting_in_that_second_moves_the_right_rows",
    ),
    _one(
        "archive without the copy",
        "reconcile/workbook/google.py",
        "{frames.ARCHIVE: archived} if archived else {}",
        "{frames.ARCHIVE: archived[1:]} if archived else {}",
        f"{ARCHIVE}::test_closed_orders_move_after_a_week",
    ),
    _one(
        "a plan that does not look what keeps rows in Orders",
        "reconcile/core/archive.py",
        "stuck, held = obstacle(found.rows)",
        'stuck, held = "", set()',
        f"{ARCHIVE}::test_what_keeps_rows_where_they_are_is_said_once",
    ),
    _one(
        "a tab put out of order gives rows away",
        "reconcile/core/archive.py",
        "if not due or Feed.ORDERS in plan.shut:",
        "if not due:",
        f"{ARCHIVE}::test_what_a_limit_holds_does_not_keep_the_rest_in_orders",
    ),
    _one(
        "a refund forgotten with its archived order",
        "reconcile/core/archive.py",
        'gone[key] = str(row["refunded"] or "")',
        'gone[key] = ""',
        f"{ARCHIVE}::test_an_archived_order_that_is_handed_out_again_is_recognised",
    ),
    _one(
        "a row archived without a mark in the ledger",
        JOB,
        "moving.ledger, landing.ledger)",
        "landing.ledger)",
        f"{ARCHIVE}::test_a_note_typed_in_that_second_is_kept",
    ),
    _one(
        "a file's row archived although it was changed",
        "reconcile/workbook/xlsx_book.py",
        "(shown is self or repr(now) == repr(shown.row(key)))",
        "True",
        f"{ARCHIVE}::test_a_note_typed_in_that_second_is_kept",
    ),
    _one(
        "a refund forgotten when the journal is full",
        JOB,
        "    with _noting(run):  # the call was made",
        "    if True:  # the call was made",
        f"{REGRESSIONS}::test_a_refund_the_journal_could_not_note_is_not_sent_again",
    ),
    _one(
        "an answer landed twice, the second time beside Archive",
        "reconcile/core/archive.py",
        'times = archive["received"].to_numpy(dtype=object)[archive.index == key]',
        "times = ()",
        f"{ARCHIVE}::test_an_answer_that_landed_is_not_landed_again_when_its_orders_are_in_archive",
    ),
    _one(
        "a journal that never forgets",
        JOB,
        "        _forget_old(run, now)\n",
        "",
        "tests/test_engine.py::test_the_journal_forgets_what_was_done_a_month_ago",
    ),
    _one(
        "a doubt bounded to anything",
        JOB,
        "    bound = 1 if claim.feed == Feed.CANCELS else FULL\n    text",
        "    bound = 10**9\n    text",
        WORLDS,
    ),
    _one(
        "exit 0 although in doubt",
        JOB,
        "    if run.doubts:\n        return Exit.DOUBT",
        "    if run.doubts:\n        return Exit.DONE",
        WORLDS,
    ),
    _one(
        "Remains that never arrive",
        JOB,
        '        remains=values.get("remains"),\n',
        "        remains=None,\n",
        WORLDS,
    ),
    _one(
        "a payment marked as sent and never sent",
        "reconcile/panel/port.py",
        "            return panel.add_payment(\n"
        '                params["user"], params["amount"], params["details"], params.get("affiliate_commission"), keep=keep\n'
        "            )",
        "            return None",
        WORLDS,
    ),
    _one(
        "a refill answered and never sent",
        "reconcile/panel/port.py",
        "            return panel.set_refill_completed(push.target)",
        "            return None",
        WORLDS,
    ),
    _one(
        "the key in the journal",
        JOB,
        "    number = job.journal.intend(run.book_id, job.run, feed.value, service, at, run.revision)",
        "    job.journal.begin_run(run.book_id, job.panel._key.get_secret_value(), at)\n"
        "    number = job.journal.intend(run.book_id, job.run, feed.value, service, at, run.revision)",
        WORLDS,
    ),
    _one(
        "calls begun after the deadline",
        JOB,
        " and self.job.clock() < self.started + self.job.deadline",
        "",
        WORLDS,
    ),
    _one(
        "fencing ignored on a Google Sheet",
        "reconcile/workbook/google.py",
        "self.requests: list[dict[str, Any]] = [_stamp(BASE + stamp, self.value)]",
        "self.requests: list[dict[str, Any]] = []",
        f"{CATALOGUE}::test_a_stale_writer_is_refused_whole",
    ),
    _one(
        "a crash caught beside a refund",
        JOB,
        "    except ReconcileError as error:  # whatever else went wrong, the call may have been made\n        run.fail(error)\n"
        "        return Result(push, Verdict.UNKNOWN, error.what)",
        "    except BaseException as error:\n        return Result(push, Verdict.UNKNOWN, str(error))",
        "tests/faults/test_sweeps.py::test_a_crash_at_any_boundary",
    ),
    Mutant(
        "a clock believed about what landed",
        (
            (JOB, "claims = brought(row)", "claims: tuple[tuple[str, int], ...] = ()"),
            (JOB, "now=max(job.clock(), datetime.fromisoformat(claim.intended_at))", "now=job.clock()"),
        ),
        (f"{CATALOGUE}::test_what_landed_by_a_clock_that_was_put_back_does_not_land_again",),
    ),
    _one(
        "an order that came again taken for landed",
        JOB,
        "return claims[-1][1] >= claim.seen",
        "return True",
        f"{CATALOGUE}::test_an_order_handed_out_again_is_told_whatever_its_rows_clock_was",
    ),
    Mutant(
        "an order that came again without a word",
        (
            (
                LANDING,
                "    out.notes.append(Note(Feed.ORDERS.value, order.id, 0,",
                "    (lambda _: 0)(Note(Feed.ORDERS.value, order.id, 0,",
            ),
            (LANDING, '    out.messages.append(say.MESSAGES["order"]', '    str(say.MESSAGES["order"]'),
        ),
        (WORLDS,),
    ),
    _one(
        "a refund of a run that died kept out of History",
        JOB,
        "lines = [*run.late, ",
        "lines = [",
        f"{CATALOGUE}::test_a_refund_of_a_run_that_died_stands_in_history",
    ),
    _one(
        "an overtaken run's word let stand",
        "reconcile/core/settle.py",
        "if overtook and result.verdict",
        "if not overtook and result.verdict",
        f"{REGRESSIONS}::test_what_an_overtaken_run_sends_last_does_not_stand",
    ),
    _one(
        "a refund beside what another run is sending",
        JOB,
        "    if not (run.overtook and push.refund):",
        "    if push.refund:",
        f"{REGRESSIONS}::test_what_an_overtaken_run_sends_last_does_not_stand",
    ),
    _one(
        "what a dead run has to say told to nobody",
        JOB,
        "        **_untold([*run.messages, *landing.messages]),\n",
        "",
        f"{CATALOGUE}::test_what_a_dead_run_landed_is_told_in_runs",
    ),
    _one(
        "the panel's name not compared",
        "reconcile/core/identity.py",
        "if here.panel and names and here.panel not in names:",
        "if False and here.panel not in names:",
        ASTRAY,
    ),
    _one(
        "forks and older copies believed",
        "reconcile/core/identity.py",
        "    if known is None or (not known.begun and not known.revision):\n",
        "    if True:\n",
        ASTRAY,
    ),
    _one(
        "what another machine may have sent not asked about after a restore",
        "reconcile/restore.py",
        "    if doubt is not None:\n        rows.update(_perhaps",
        "    if False:\n        rows.update(_perhaps",
        "tests/faults/test_identity.py::test_what_another_machine_may_have_sent_is_asked_about_after_a_restore",
    ),
    _one(
        "a copy taken for a move",
        "reconcile/core/identity.py",
        "    if there or here.shared:\n",
        "    if False:\n",
        "tests/faults/test_identity.py::test_make_a_copy_in_google_sheets",
    ),
    _one(
        "a row that comes back without what the panel was told meanwhile",
        LANDING,
        "    if known is None:\n        return {}, {}",
        "    if True:\n        return {}, {}",
        f"{IDENTITY}::test_what_one_machine_received_and_another_changed",
    ),
    _one(
        "updates under way forgotten with the run",
        JOB,
        "going = [_as_update(push) for push in run.plan.pushes if not push.once]",
        "going: list[Any] = []",
        f"{IDENTITY}::test_an_update_whose_run_died_is_told_after_a_restore",
    ),
    _one(
        "what was known of the first workbook lost with its name",
        "reconcile/restore.py",
        "        work.journal.join(book, identity.book)",
        "        pass",
        f"{IDENTITY}::test_a_copy_of_before_the_first_use_that_another_machine_used",
    ),
    _one(
        "the silence of a journal that was put back believed",
        "reconcile/journal.py",
        "return found is not None and int(found[0]) > int(until) and not self._unnoted",
        "return found is not None and int(until) >= 0",
        f"{IDENTITY}::test_an_older_state_folder_proves_nothing",
    ),
    Mutant(
        "Send again outranks the journal",
        (
            (
                "reconcile/core/once.py",
                "        if found := past.accepted(push.feed, push.key, push.order_id):",
                "        if not push.again and (found := past.accepted(push.feed, push.key, push.order_id)):",
            ),
            (
                "reconcile/core/once.py",
                "        if found := self.accepted(feed, key, sending.order_id):",
                '        if sending.doubt:\n            return Verdict.UNKNOWN, ""\n        if found := self.accepted(feed, key, sending.order_id):',
            ),
        ),
        (f"{IDENTITY}::test_the_journal_outranks_send_again",),
    ),
    _one(
        "429 believed whatever stands in the answer",
        "reconcile/panel/answers.py",
        "        return _hear(raw.status, _parsed(raw, Patience())).verdict is Verdict.NOT_SENT",
        "        return raw.status == 429",
        f"{ANSWERS}::test_a_refund_that_succeeds_inside_another_answer",
    ),
    _one(
        "a label believed",
        "reconcile/panel/packed.py",
        "    if body.startswith(_GZIP):",
        '    if "gzip" in label:',
        f"{ANSWERS}::test_a_body_that_is_not_what_its_label_says",
    ),
    _one(
        "an answer that was set aside taken for done",
        JOB,
        "claim.id not in waiting and claim.state is not State.ASIDE:",
        "claim.id not in waiting:",
        f"{ANSWERS}::test_an_answer_that_is_not_read_in_time_waits_behind_the_rest",
    ),
    _one(
        "an answer that cannot be read in time read first by every run",
        JOB,
        "            if claimed.unread:\n                with _noting(run):",
        "            if False:\n                with _noting(run):",
        f"{ANSWERS}::test_an_answer_that_is_not_read_in_time_waits_behind_the_rest",
    ),
    _one(
        "a lease of next year believed",
        "reconcile/core/lease.py",
        "return now < self.until <= now + LONGEST",
        "return now < self.until",
        f"{IDENTITY}::test_a_clock_one_year_ahead_locks_nobody_out",
    ),
    _one(
        "no room held free",
        JOB,
        "        job.journal.make_room()\n",
        "        pass\n",
        f"{ANSWERS}::test_without_room_nothing_is_asked_for",
    ),
    _one(
        "a question forgotten with the list it was in",
        "reconcile/core/plan.py",
        "            if asks and not cells.is_blank(raw):",
        "            if False:",
        f"{REGRESSIONS}::test_a_row_that_asks_still_asks_when_its_list_is_let_through",
    ),
)
