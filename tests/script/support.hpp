// One engine for all tests of this program: LibTorch's and the registry's state are the process's.
#pragma once
#include "script/engine.hpp"

basin::script::Engine& script_engine();
