#include "script/numpy.hpp"

namespace basin::script {

// A test runs what is ours with tensors x [2,3] and a, b, mask [2,2].
const std::vector<Otherwise>& numpy_names() {
  static const std::vector<Otherwise> all{
      {"", "x.shape", "x:shape()"},
      {"size", "x.size(0)", "x:shape()[1]"},
      {"ndim", "x.ndim", "x.dims"},
      {"numel", "x.numel()", "x.count"},
      {"", "len(x)", "#x"},
      {"", "x == y", "x:eq(y)"},
      {"", "x > y", "x:gt(y)"},
      {"", "np.where(mask, a, b)", "mask:where(a, b)"},
      {"clip", "np.clip(x, 0, 1)", "x:clamp(0, 1)"},
      {"pow", "x.pow(2)", "x ^ 2"},
      {"", "np.arange(10)", "basin.range(0, 9)"},
      {"concatenate", "np.concatenate([a, b], axis=1)", "basin.cat({ a, b }, 2)"},
      {"view", "x.view(3, 2)", "x:reshape(3, 2)"},
      {"ravel", "x.ravel()", "x:flatten()"},
      {"swapaxes", "x.swapaxes(0, 1)", "x:transpose(1, 2)"},
      {"repeat", "x.repeat(2, 1)", "x:tile(2, 1)"},
      {"astype", "x.astype(\"float64\")", "x:to \"float64\""},
      {"type", "x.type(torch.float64)", "x:to \"float64\""},
      {"float", "x.float()", "x:to \"float32\""},
      {"cpu", "x.cpu()", "x:to \"cpu\""},
      {"cuda", "x.cuda()", "x:to \"cuda\""},
      {"clone", "x.clone()", "x:copy()"},
      {"tolist", "x.tolist()", "x:totable()"},
      {"numpy", "x.numpy()", "x:totable()"},
      {"", "x.mean(1, keepdim=True)", "x:mean(2):unsqueeze(2)"},
      {"median", "np.median(x)", "x:quantile(0.5)"},
      {"argsort", "np.argsort(x)", "select(2, x:sort())"},
      {"", "np.linalg.norm(x)", "x:norm()"},
      {"", "a @ b", "a:matmul(b)"},
      {"mm", "torch.mm(a, b)", "a:matmul(b)"},
      {"inv", "np.linalg.inv(a)", "a:inverse()"},
      {"requires_grad_", "x.requires_grad_()", "x:require_gradient()"},
      {"backward", "y.backward()", "y:gradient(x)"},
  };
  return all;
}

}  // namespace basin::script
