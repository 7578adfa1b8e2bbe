pytest_plugins = ["rig.pytestplugin"]
