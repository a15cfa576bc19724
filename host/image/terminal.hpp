// Pictures as text for a terminal: each returns what is written to it, lines and all.
#pragma once
#include <string>

#include "image/image.hpp"

namespace basin::image {

enum class Colours { full, palette };  // 24 bits a pixel; the 6 x 6 x 6 cube of the 256 colours

// Two pixels a character, the upper one in the colour of "\u2580" (upper half block), the lower one in its background.
std::string half_blocks(const Picture& picture, Colours colours);

// Two pixels a character as a shade out of ten, for terminals without colours and for files.
std::string shades(const Picture& picture);

// DEC's sixels (VT340 manual, chapter 14), over the 6 x 6 x 6 cube.
std::string sixels(const Picture& picture);

// Kitty's graphics protocol: the pixels as they are, base64 in pieces of 4096 characters.
std::string kitty(const Picture& picture);

}  // namespace basin::image
