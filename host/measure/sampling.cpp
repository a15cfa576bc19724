#include "measure/sampling.hpp"

#include <basin/sampler.h>

#include <unistd.h>

#include <numeric>

#include "abi/log.hpp"
#include "diffusion/step.hpp"
#include "image/image.hpp"
#include "measure/denoiser.hpp"
#include "model/safetensors.hpp"
#include "plugin/files.hpp"
#include "plugin/hash.hpp"
#include "run/tensorboard.hpp"

namespace basin {

namespace {

Tensor sample_batch(const SampleOptions& o, int64_t first, int64_t n) {
  at::NoGradGuard no_grad;
  std::vector<int64_t> ids(static_cast<size_t>(n));
  std::iota(ids.begin(), ids.end(), o.first + first);
  Context context(o.seed, 0, ids);
  const auto device = o.model->device();
  Tensor noise = draw(stream_of(o.seed, BASIN_PURPOSE_START), BASIN_NORMAL, ids, o.model->sample_shape(), device);

  basin_process process{o.process};
  basin_denoiser denoiser{o.model, &process, {}};
  for (const Port& port : o.model->inputs())  // classes in turn, so that image i has the same class at every batch size
    if (port.name == "label" && port.classes > 0)
      denoiser.labels = at::remainder(at::tensor(ids, at::kLong), port.classes).to(device);

  basin_sampling job{};
  job.size = sizeof job;
  job.denoiser = &denoiser;
  job.process = &process;
  job.context = context.get();
  job.noise = lend(noise);
  struct Step {
    const decltype(o.on_step)& hear;
    int64_t done;
  } heard{o.on_step, first};
  job.user = &heard;
  job.on_step = [](void* user, int64_t step, int64_t steps, basin_tensor* x, basin_tensor* x0) {
    return guard([&] {
      const auto& [hear, done] = *static_cast<const Step*>(user);
      if (interrupted()) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);
      if (hear) hear(done, step, steps, share(x), share(x0));
    });
  };
  basin_tensor* out = nullptr;
  o.sampler->call([&] { return o.sampler->functions<basin_sampler_functions>().sample(o.sampler->self(), &job, &out); },
                  "sample");
  Tensor images = steal(out);
  if (!images.defined() || images.sizes() != noise.sizes())
    throw Error("sampler '" + o.sampler->spec().component->name + "' returned no images of the shape it was asked for",
                BASIN_ERROR_ABI);
  return images;
}

// The images are held in memory, twice while a batch joins them: what cannot fit is refused at once, not after days.
void check_memory(const SampleOptions& o) {
  double bytes = 2. * static_cast<double>(o.count);
  for (const int64_t size : o.model->sample_shape()) bytes *= static_cast<double>(size);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (!(memory > 0) || bytes <= memory) return;
  char text[160];
  std::snprintf(text, sizeof text,
                "%lld images take %.3g GB of memory while they are put together, and this machine has %.3g GB",
                static_cast<long long>(o.count), bytes / 1e9, memory / 1e9);
  throw Error(std::string(text) + "; lower 'count', and sample the rest by other seeds", BASIN_ERROR_MEMORY);
}

void check_options(const SampleOptions& o) {
  if (o.count < 1 || o.batch < 1)
    throw Error("sampling needs count >= 1 and batch >= 1; got count " + std::to_string(o.count) + ", batch " +
                std::to_string(o.batch));
}

// What an earlier call finished of these images; undefined where there is nothing, or nothing that can be used.
Tensor finished_images(Run& run, const std::filesystem::path& file, const SampleOptions& o) {
  if (!std::filesystem::exists(file)) return {};
  try {
    const auto tensors = read_safetensors(file).tensors;
    const auto found = tensors.find("images");
    if (found != tensors.end() && found->second.dim() == 4 && found->second.scalar_type() == at::kByte &&
        found->second.size(0) <= o.count && found->second.sizes().slice(1) == at::IntArrayRef(o.model->sample_shape()))
      return found->second;
    run.log("sampling anew: '" + file.string() + "' does not hold these images");
  } catch (const Error& e) {
    run.log(std::string("sampling anew: ") + e.what());
  }
  return {};
}

void write_grid(const std::filesystem::path& file, const Tensor& pixels) {
  constexpr int64_t kShown = 64;
  const Tensor shown = pixels.slice(0, 0, std::min(kShown, pixels.size(0))).contiguous();
  image::GridOptions grid;
  grid.scale = shown.size(3) < 64 ? static_cast<int>(96 / shown.size(3)) : 1;
  image::write_png(file, image::grid({shown.const_data_ptr<uint8_t>(), static_cast<size_t>(shown.numel())},
                                     static_cast<int>(shown.size(0)), static_cast<int>(shown.size(1)),
                                     static_cast<int>(shown.size(2)), static_cast<int>(shown.size(3)), grid));
}

// Among TensorBoard's images, at the step that the training has come to.
void show_in_tensorboard(const Run& run, const SampleOptions& o, const std::filesystem::path& grid) {
  const auto state = run.state();
  const bool known = state.contains("step") && state["step"].is_number_integer();
  EventWriter(run.folder(), 0)
      .image(known ? state["step"].get<int64_t>() : 0,
             "samples/" + (o.model->label.empty() ? "raw" : o.model->label) + " (" + o.sampler->spec().component->name +
                 ")",
             read_file(grid));
}

}  // namespace

Tensor sample_tensor(const SampleOptions& o) {
  check_options(o);
  std::vector<Tensor> parts;
  for (int64_t done = 0; done < o.count; done += o.batch)
    parts.push_back(sample_batch(o, done, std::min(o.batch, o.count - done)));
  return at::cat(parts);
}

std::shared_ptr<Images> sample(Run& run, const SampleOptions& o) {
  check_options(o);
  check_memory(o);
  auto images = std::make_shared<Images>();
  images->label = o.model->label;
  images->run_folder = run.folder().string();
  images->protocol = {{"model", o.model->describe()},
                      {"label", o.model->label},
                      {"sampler", o.sampler->describe()},
                      {"process", o.process->describe()},
                      {"count", o.count},
                      {"first", o.first},
                      {"seed", o.seed},
                      {"precision", o.model->precision() == Precision::bf16 ? "bf16" : "fp32"}};

  // One file holds what is done; it grows by whole batches and is replaced, never changed.
  const std::string key = sha256(images->protocol.dump()).substr(0, 12);
  const std::string stem = (o.model->label.empty() ? "raw" : o.model->label) + "-" + key;
  std::string name;
  for (char c : stem) {  // "ema, 8 bits" -> "ema-8-bits"
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') name += c;
    else if (!name.empty() && name.back() != '-') name += '-';
  }
  const auto file = run.samples() / (name + ".safetensors");
  Tensor done = finished_images(run, file, o);
  const int64_t already = done.defined() ? done.size(0) : 0;
  if (o.on_begin) o.on_begin(already);
  if (already >= o.count) run.log("loaded " + std::to_string(o.count) + " finished images from " + file.string());

  auto saved_at = std::chrono::steady_clock::now();
  const auto save = [&] {
    write_safetensors(file, {{"images", done}}, {{"protocol", images->protocol.dump()}});
    saved_at = std::chrono::steady_clock::now();
  };
  try {
    for (int64_t first = already; first < o.count; first += o.batch) {
      const Tensor next =
          images_to_uint8(sample_batch(o, first, std::min(o.batch, o.count - first))).cpu().contiguous();
      done = done.defined() ? at::cat({done, next}) : next;
      if (o.on_progress) o.on_progress(done.size(0), o.count, next);
      if (done.size(0) >= o.count || std::chrono::steady_clock::now() - saved_at > std::chrono::seconds(20)) save();
    }
  } catch (const Error& e) {
    if (done.defined()) save();  // finished batches are worth keeping, whatever went wrong
    if (e.status != BASIN_ERROR_INTERRUPTED) throw;
    throw Error("stopped after " + std::to_string(done.defined() ? done.size(0) : 0) + " of " +
                    std::to_string(o.count) + " images; the same command goes on from there",
                BASIN_ERROR_INTERRUPTED);
  }
  images->pixels = done;
  const auto grid = run.samples() / (name + ".png");
  if (!std::filesystem::exists(grid)) {
    try {
      write_grid(grid, done);
      show_in_tensorboard(run, o, grid);
    } catch (const Error& e) {  // a machine without OpenCV still samples
      run.log(std::string("no sample grid: ") + e.what());
    }
  }
  return images;
}

}  // namespace basin
