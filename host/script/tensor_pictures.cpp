// t:image() and t:plot(): tensors as PNG files.
#include <cmath>
#include <filesystem>

#include "image/image.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

Tensor& self(Call& c) { return get<Tensor>(c.L, 1); }

std::filesystem::path file_of(Call& c, const char* otherwise) {
  const std::filesystem::path file = c.string("path", otherwise);
  if (file.extension() != ".png" && file.extension() != ".PNG")
    throw Error("pictures are written as PNG: give the file a name that ends with .png, got '" + file.string() + "'");
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    throw Error("the folder '" + file.parent_path().string() + "' cannot be made: " + error.message(), BASIN_ERROR_IO);
  return file;
}

// [H,W], [C,H,W], [N,H,W] or [N,C,H,W] -> [N,C,H,W] with C of 1 or 3
Tensor as_images(const Tensor& x) {
  const auto colours = [](int64_t n) { return n == 1 || n == 3; };
  if (x.numel() && x.dim() == 2) return x.unsqueeze(0).unsqueeze(0);
  if (x.numel() && x.dim() == 3) return colours(x.size(0)) ? x.unsqueeze(0) : x.unsqueeze(1);
  if (x.numel() && x.dim() == 4 && colours(x.size(1))) return x;
  throw Error("an image is a tensor [H,W], [C,H,W] or [N,C,H,W] with 1 or 3 channels, and this is " + tensor_kind(x));
}

// uint8: as it is; booleans: black and white; numbers: `low` black, `high` white.
Tensor as_bytes(Call& c, const Tensor& x) {
  if (x.scalar_type() == at::kByte && !c.has("low") && !c.has("high")) return x;
  const bool mask = x.scalar_type() == at::kBool;
  const double low = c.number("low", mask ? 0 : -1), high = c.number("high", 1);
  if (!(high > low))
    throw Error("'high' must be above 'low', got " + std::to_string(low) + " and " + std::to_string(high));
  const Tensor scaled = (x.to(at::kDouble) - low) / (high - low) * 255;
  return at::nan_to_num(scaled).round().clamp(0, 255).to(at::kByte);
}

int image(Call& c) {
  at::NoGradGuard no_grad;
  const Tensor pixels = as_bytes(c, as_images(self(c).detach().cpu())).contiguous();
  const int64_t widest = std::max(pixels.size(2), pixels.size(3));
  image::GridOptions options;
  options.columns = static_cast<int>(c.integer("columns"));
  options.scale = static_cast<int>(c.integer("scale", widest < 64 ? 96 / widest : 1));
  if (pixels.size(0) == 1) options.padding = 0;
  const auto file = file_of(c, "image.png");
  image::write_png(file, image::grid({pixels.const_data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel())},
                                     static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)),
                                     static_cast<int>(pixels.size(2)), static_cast<int>(pixels.size(3)), options));
  return give(c.L, file.string());
}

std::vector<double> numbers_of(const Tensor& x) {
  const Tensor plain = x.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* data = plain.const_data_ptr<double>();
  return {data, data + plain.numel()};
}

int plot(Call& c) {
  lua_State* L = c.L;
  const Tensor curves = self(c).dim() == 1 ? self(c).unsqueeze(0) : self(c);
  if (curves.dim() != 2 || !curves.numel())
    throw Error("a plot is of a tensor [n], or [curves,n], and this is " + tensor_kind(self(c)));
  image::Plot plot;
  plot.title = c.string("title"), plot.x_label = c.string("x_label"), plot.y_label = c.string("y_label");
  plot.log_x = c.boolean("log_x"), plot.log_y = c.boolean("log_y");
  std::vector<double> x;
  if (c.has("x")) {
    const Tensor* given = test<Tensor>(L, c.index("x"));
    x = numbers_of(given ? *given : tensor_from(L, c.index("x"), "float64"));
  } else {
    for (int64_t i = 1; i <= curves.size(1); ++i) x.push_back(static_cast<double>(i));
  }
  if (static_cast<int64_t>(x.size()) != curves.size(1))
    throw Error("'x' has " + std::to_string(x.size()) + " numbers, and the curves have " +
                std::to_string(curves.size(1)));
  for (int64_t i = 0; i < curves.size(0); ++i) {
    image::Series& series = plot.series.emplace_back();
    series.x = x, series.y = numbers_of(curves[i]);
    if (!c.has("names")) continue;
    lua_rawgeti(L, c.index("names"), i + 1);
    series.name = text_at(L, -1);
    lua_pop(L, 1);
  }
  const auto file = file_of(c, "plot.png");
  image::write_png(file, image::plot(plot));
  return give(c.L, file.string());
}

}  // namespace

std::vector<Function> tensor_pictures() {
  return {
      {{"tensor:image",
        "Writes it as a PNG: [H,W], [C,H,W], or a grid of [N,C,H,W].",
        {{"path", "string", "The file.", "\"image.png\""},
         {"columns", "integer", "Images in a row; 0: as square as possible.", "0", 0},
         {"scale", "integer", "Each pixel becomes scale x scale.", "by size", 1},
         {"low", "number", "What is black.", "-1; of uint8 and booleans 0"},
         {"high", "number", "What is white.", "1; of uint8 255"}},
        true,
        "string (the file)",
        "x:image \"noise.png\""},
       image},
      {{"tensor:plot",
        "Draws [n], or each row of [curves,n], as a line into a PNG.",
        {{"path", "string", "The file.", "\"plot.png\""},
         {"x", "tensor|list", "Where the values stand.", "1, 2, ..."},
         {"names", "string[]", "Of the curves, for the legend.", ""},
         {"title", "string", "Above it.", ""},
         {"x_label", "string", "Of the horizontal axis.", ""},
         {"y_label", "string", "Of the vertical axis.", ""},
         {"log_x", "boolean", "A logarithmic horizontal axis.", "false"},
         {"log_y", "boolean", "A logarithmic vertical axis.", "false"}},
        true,
        "string (the file)",
        "t:plot { path = \"rows.png\", title = \"two rows\", names = { \"a\", \"b\" } }"},
       plot},
  };
}

}  // namespace basin::script
