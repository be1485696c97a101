"""Live training: bar and curves follow the history; a stop in a real kernel keeps the best."""

import signal
import threading

import pytest
from jupyter_client.manager import start_new_kernel

from medseg.widgets.live_training import LiveTraining, Stopped

HISTORY = [{"loss": 1.5, "mean_iou": 0.2}, {"loss": 0.5, "mean_iou": 0.7}]


def test_bar_curves_and_words_follow_the_history():
    live = LiveTraining(5, done=1)
    assert live.bar.value == 1
    live.update(HISTORY)
    assert (live.bar.value, live.bar.description) == (2, "epoch 2 of 5:")
    assert live.picture.says == "Epoch 2 of 5: loss 0.5000, mean IoU 0.700; best 0.700 in epoch 2."
    assert "validation mean IoU from 0.20 to 0.70" in live.picture.alt


def test_a_pressed_button_stops_after_the_epoch_and_not_after_the_last_one():
    live = LiveTraining(3)
    live.update(HISTORY[:1])
    live.button._handle_custom_msg({"stop": True}, [])
    assert live.button.heard
    with pytest.raises(Stopped):
        live.update(HISTORY)
    live.update([*HISTORY, HISTORY[0]])


def test_the_last_picture_says_that_it_was_stopped_even_if_the_wish_came_while_it_was_drawn(capsys):
    live = LiveTraining(3)
    live.update(HISTORY[:1])
    live.asked.set()
    live.finish()
    assert "Stopped on request" in live.picture.says
    assert "Stopped on request" in capsys.readouterr().out


def test_a_message_and_an_interrupt_are_one_wish():
    live = LiveTraining(3)
    live.button._handle_custom_msg({"stop": True}, [])
    live.interrupted(signal.SIGINT, None)
    assert live.asked.is_set()


def test_the_first_interrupt_is_a_wish_and_the_second_an_order():
    live = LiveTraining(3)
    live.interrupted(signal.SIGINT, None)
    assert live.asked.is_set()
    with pytest.raises(KeyboardInterrupt):
        live.interrupted(signal.SIGINT, None)


# A training of many epochs whose best weight is that of the second one.
TRAINING = """
import time, torch
from medseg import training
model, best, history = torch.nn.Linear(1, 1), None, []
with training.Progress(1000) as progress:
    for epoch in range(1000):
        time.sleep(0.05)
        with torch.no_grad():
            model.weight.fill_(epoch)
        history.append({"loss": 1.0, "mean_iou": 0.9 if epoch == 1 else 0.5})
        if history[-1]["mean_iou"] >= max(e["mean_iou"] for e in history):
            best = {k: v.clone() for k, v in model.state_dict().items()}
        progress.update(history)
model.load_state_dict(best)
print("weight", model.weight.item(), "stopped", 1 < len(history) < 1000)
"""


def test_stop_in_a_real_kernel_ends_the_training_and_keeps_the_best():
    manager, client = start_new_kernel()
    reached, said, kinds = threading.Event(), [], []

    def listen(message):
        content = message["content"]
        if message["msg_type"] == "comm_msg" and content["data"].get("state", {}).get("value") == 3:
            reached.set()
            manager.interrupt_kernel()  # what the button has the server do
        if message["msg_type"] == "stream":
            said.append(content["text"])
        kinds.append(message["msg_type"])

    try:
        reply = client.execute_interactive(TRAINING, output_hook=listen, timeout=120)
        handler = (
            "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        )
        client.execute_interactive(handler, output_hook=listen, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok"
    assert reached.is_set()
    text = "".join(said)
    assert "Stopped on request; the best state is kept." in text
    assert "weight 1.0 stopped True" in text
    assert text.endswith("True\n")
    assert "update_display_data" in kinds
