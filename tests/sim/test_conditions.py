"""Joints that come and go, and how far a chain is whole."""

from __future__ import annotations

import numpy as np

from rig.recipe import Product
from rig.sim.conditions import Joints, leading
from rig.sim.effects import Effects, Joint
from rig.sim.silicon import draw


def effects(product: Product, *joints: Joint) -> Effects:
    made = Effects.none(product, draw(product, 1))
    made.joints.extend(joints)
    return made


def test_how_many_are_set_from_the_start_on() -> None:
    assert leading(np.array([True, True, False, True])) == 2
    assert leading(np.array([True, True])) == 2
    assert leading(np.array([False, True])) == 0


def test_a_joint_is_drawn_once_for_a_reset_and_its_count(product: Product) -> None:
    wandering = effects(product, Joint(30, 0.5))
    joints = Joints(65, 3)
    for _ in range(50):
        joints.released(wandering)
        drawn = joints.reach
        assert not joints.counted(wandering)
        assert joints.reach == drawn
        assert joints.counted(wandering)


def test_the_nearest_open_joint_ends_the_chain_and_each_has_its_own_share(product: Product) -> None:
    two = effects(product, Joint(50, 0.8), Joint(20, 0.3))
    joints = Joints(65, 3)
    reached = []
    for _ in range(2000):
        joints.released(two)
        reached.append(joints.reach)
    share = [reached.count(reach) / 2000 for reach in (20, 50, 65)]
    assert np.abs(np.array(share) - (0.3, 0.7 * 0.8, 0.7 * 0.2)).max() < 0.04


def test_without_joints_a_count_draws_nothing(product: Product) -> None:
    joints = Joints(65, 3)
    joints.released(effects(product))
    assert not any(joints.counted(effects(product)) for _ in range(5))
    assert joints.reach == 65
