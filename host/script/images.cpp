// Sampled images in scripts: to look at, to write, to measure.
#include "image/image.hpp"

#include <cstdio>
#include <filesystem>

#include "script/engine.hpp"
#include "script/show.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"

namespace basin::script {
namespace {

using Pictures = std::shared_ptr<const Images>;

const Images& self(Call& c) { return *get<Pictures>(c.L, 1); }

void make_parent(const std::filesystem::path& file) {
  if (!file.has_parent_path()) return;
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    throw Error("the folder '" + file.parent_path().string() + "' cannot be made: " + error.message(), BASIN_ERROR_IO);
}

int grid(Call& c) {
  const Tensor pixels = self(c).pixels.contiguous();
  image::GridOptions options;
  options.columns = static_cast<int>(c.integer("columns"));
  options.scale = static_cast<int>(c.integer("scale", pixels.size(3) < 64 ? 96 / pixels.size(3) : 1));
  const std::filesystem::path file = c.string("path");
  make_parent(file);
  image::write_png(file, image::grid({pixels.const_data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel())},
                                     static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)),
                                     static_cast<int>(pixels.size(2)), static_cast<int>(pixels.size(3)), options));
  return 0;
}

int save(Call& c) {
  const Images& images = self(c);
  const std::filesystem::path folder = c.string("folder");
  make_parent(folder / "x");
  const Tensor pixels = images.pixels.permute({0, 2, 3, 1}).contiguous();  // [N,H,W,C]
  const auto bytes = static_cast<size_t>(pixels[0].numel());
  for (int64_t i = 0; i < pixels.size(0); ++i) {
    const uint8_t* data = pixels.const_data_ptr<uint8_t>() + static_cast<size_t>(i) * bytes;
    char name[32];
    std::snprintf(name, sizeof name, "%06lld.png", static_cast<long long>(i + 1));
    image::write_png(folder / name, {static_cast<int>(pixels.size(2)),
                                     static_cast<int>(pixels.size(1)),
                                     static_cast<int>(pixels.size(3)),
                                     {data, data + bytes}});
  }
  return 0;
}

int count(Call& c) { return give(c.L, self(c).pixels.size(0)); }
int shape(Call& c) { return give(c.L, self(c).pixels.sizes().slice(1).vec()); }
int label(Call& c) { return give(c.L, self(c).label.empty() ? "raw" : self(c).label); }
int pixels(Call& c) { return give(c.L, self(c).pixels); }
int protocol(Call& c) { return give_json(c.L, self(c).protocol), 1; }
int text(Call& c) {
  const Images& images = self(c);
  std::string size;
  for (const int64_t n : images.pixels.sizes().slice(1)) size += (size.empty() ? "" : "x") + std::to_string(n);
  return give(c.L, std::to_string(images.pixels.size(0)) + " images " + size + " (" +
                       (images.label.empty() ? "raw" : images.label) + ")");
}

const Type& type() {
  static const Type t{
      .name = "images",
      .summary = "Images of 8 bits a channel, as run:sample and data:images give them.",
      .methods = {{{"images:grid",
                    "Writes them side by side as one PNG.",
                    {{"path", "string", "The file."},
                     {"columns", "integer", "Images in a row; 0: as square as possible.", "0", 0},
                     {"scale", "integer", "Each pixel becomes scale x scale.", "by size", 1}},
                    false,
                    "",
                    "images:grid \"samples.png\""},
                   grid},
                  {{"images:show",
                    "Shows them in the terminal: as pictures where it can (kitty, sixel), else two pixels a character.",
                    {{"count", "integer", "How many of them, from the first.", "16"},
                     {"columns", "integer", "Images in a row.", "as many as fit"},
                     {"as", "string", "kitty, sixel, blocks or shades.", "what the terminal can"}},
                    true,
                    "",
                    "images:show { count = 8 }"},
                   images_show},
                  {{"images:save",
                    "Writes each as a PNG: 000001.png and so on.",
                    {{"folder", "string", "Made where it is missing."}},
                    false,
                    "",
                    "images:save \"samples\""},
                   save}},
      .properties = {{"count", "How many.", count, "integer"},
                     {"shape", "Of one: { channels, height, width }.", shape, "integer[]"},
                     {"label", "Which weights they came from.", label, "string"},
                     {"pixels", "A uint8 tensor [N,C,H,W].", pixels, "tensor"},
                     {"protocol", "How they were made.", protocol, "table"}},
      .operators = {{"__tostring", text}, {"__len", count}},
  };
  return t;
}

}  // namespace

void add_images(lua_State* L, int) { add_type<Pictures>(L, type()); }

}  // namespace basin::script
