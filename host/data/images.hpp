// Image files for data set plugins.
#pragma once
#include "abi/handles.hpp"

namespace basin {
void add_image_interface();
}
