#include "measure/losses.hpp"

#include <algorithm>

#include "abi/kernels/plain.hpp"
#include "abi/log.hpp"

namespace basin {

namespace {

constexpr int64_t kBatch = 64;          // items, where nothing is recorded
constexpr int64_t kRecordedBatch = 16;  // a graph that is differentiated twice holds three times a training's

// Losses [n] of the items [first, first + n), recorded where the caller records.
Tensor batch_of(const LossItems& items, int64_t first, int64_t n) {
  const auto device = items.model.device();
  const auto chunk = items.ids.subspan(static_cast<size_t>(first), static_cast<size_t>(n));
  Tensor labels;
  const Tensor x0 = items.data.images(chunk, &labels).to(device);
  Tensor t;
  if (items.levels) {
    t = at::tensor(at::ArrayRef<double>(items.levels + first, chunk.size()), at::kDouble).round().to(at::kLong);
  } else {
    const auto stream = stream_of(items.seed, BASIN_PURPOSE_MEASURE, items.draw, 1);
    t = (draw(stream, BASIN_UNIFORM, chunk, {1}).flatten().to(at::kDouble) * items.process.steps())
            .floor()
            .to(at::kLong);
  }
  const auto stream = stream_of(items.seed, BASIN_PURPOSE_MEASURE, items.draw, 0);
  const Tensor noise = draw(stream, BASIN_NORMAL, chunk, x0.sizes().slice(1), device);
  Context context(items.seed, items.draw, {chunk.begin(), chunk.end()});
  const Denoise denoise = denoise_with(items.model, context, labels.to(device));
  static const Loss loss = find_loss("simple");
  return loss(denoise, {items.process, x0, noise, t.to(device), {}, 0, prediction_target(items.model)}).per_sample;
}

template <class F>  // body(first, n)
void for_batches(const LossItems& items, int64_t batch, F&& body) {
  const auto total = static_cast<int64_t>(items.ids.size());
  for (int64_t first = 0; first < total; first += batch) {
    if (interrupted()) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);
    body(first, std::min(batch, total - first));
  }
}

class InFp32 {
 public:
  explicit InFp32(Model& model) : model_(model), before_(model.precision()) {
    model_.to(model_.device(), Precision::fp32);
  }
  ~InFp32() { model_.to(model_.device(), before_); }
  InFp32(const InFp32&) = delete;
  InFp32& operator=(const InFp32&) = delete;

 private:
  Model& model_;
  Precision before_;
};

std::vector<Tensor> leaves_of(const Parameters& parameters) {
  std::vector<Tensor> leaves;
  for (const Parameter& p : parameters.list()) leaves.push_back(p.value);
  return leaves;
}

// A parameter's part of an arena [numel] of its group.
Tensor part(const Tensor& arena, const Parameter& p) {
  return arena.as_strided(p.value.sizes(), p.value.strides(), p.offset);
}

// A sum over batches of one tensor for each parameter, in arenas.
class Sum {
 public:
  explicit Sum(const Parameters& parameters) : parameters_(parameters) {
    for (const auto& group : parameters.groups()) arenas.push_back(at::zeros_like(group.values));
  }
  void add(const std::vector<Tensor>& gradients) {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < gradients.size(); i++) {
      const Parameter& p = parameters_.list()[i];
      if (gradients[i].defined()) part(arenas[p.group], p).add_(gradients[i]);  // undefined: the loss ignores it
    }
  }
  std::vector<Tensor> arenas;

 private:
  const Parameters& parameters_;
};

// The gradient of a batch's share of the mean, by parameter; recorded where it is to be differentiated again.
std::vector<Tensor> share_of_gradient(const LossItems& items, int64_t first, int64_t n,
                                      const std::vector<Tensor>& leaves, bool again) {
  const Tensor share = batch_of(items, first, n).sum() / static_cast<double>(items.ids.size());
  if (!share.requires_grad()) return std::vector<Tensor>(leaves.size());  // no parameter matters
  return torch::autograd::grad({share}, leaves, {}, again, again, /*allow_unused=*/true);
}

}  // namespace

Tensor losses_of(const LossItems& items) {
  at::NoGradGuard no_grad;
  std::vector<Tensor> parts;
  for_batches(items, kBatch, [&](int64_t first, int64_t n) { parts.push_back(batch_of(items, first, n).cpu()); });
  return parts.empty() ? at::empty({0}) : at::cat(parts);
}

std::vector<Tensor> gradient_of(const LossItems& items) {
  const at::AutoGradMode record(true);
  const InFp32 fp32(items.model);
  const auto leaves = leaves_of(items.model.parameters());
  Sum sum(items.model.parameters());
  for_batches(items, kRecordedBatch,
              [&](int64_t first, int64_t n) { sum.add(share_of_gradient(items, first, n, leaves, false)); });
  return std::move(sum.arenas);
}

std::vector<Tensor> hessian_vector_product_of(const LossItems& items, at::TensorList direction) {
  const Parameters& parameters = items.model.parameters();
  for (size_t g = 0; g < parameters.groups().size(); g++) {
    const Tensor& values = parameters.groups()[g].values;
    if (g >= direction.size() || !direction[g].defined() || !direction[g].sizes().equals(values.sizes()))
      throw Error("a direction among the parameters is one tensor for each group, and that of group '" +
                  parameters.groups()[g].name + "' must have the shape " + c10::str(values.sizes()) + "; " +
                  (g < direction.size() && direction[g].defined() ? c10::str(direction[g].sizes()) : "none") + " came");
  }
  const at::AutoGradMode record(true);
  const InFp32 fp32(items.model);
  const kernels::Plain plain;
  const auto leaves = leaves_of(parameters);
  std::vector<Tensor> along;
  for (const Parameter& p : parameters.list())
    along.push_back(part(direction[p.group].to(parameters.device(), at::kFloat).contiguous(), p));
  Sum sum(parameters);
  for_batches(items, kRecordedBatch, [&](int64_t first, int64_t n) {
    const auto gradient = share_of_gradient(items, first, n, leaves, true);
    std::vector<Tensor> of, with;  // what of the gradient depends on a parameter, and the direction's part of it
    for (size_t i = 0; i < gradient.size(); i++)
      if (gradient[i].defined() && gradient[i].requires_grad()) of.push_back(gradient[i]), with.push_back(along[i]);
    if (!of.empty()) sum.add(torch::autograd::grad(of, leaves, with, false, false, /*allow_unused=*/true));
  });
  return std::move(sum.arenas);
}

}  // namespace basin
