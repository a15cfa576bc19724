// images:show: pictures in the terminal.
#pragma once
#include "script/bind.hpp"

namespace basin::script {

int images_show(Call& c);

}  // namespace basin::script
