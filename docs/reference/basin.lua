---@meta basin
-- Written by `basin docs`: what the Lua language server knows of Basin's scripts. Not to be run.
error "basin.lua is the editor's type file; scripts get the library from the program: basin run SCRIPT.lua"

---A model: built at once, on the CPU.
---@class basin.model
---@field count integer How many parameters it has.
---@field label string What its weights are: raw, ema, "ema, 8 bits".
---@field shape integer[] Of one image: { channels, height, width }.
---@field process basin.process|nil What it was trained on; nil before.
---@overload fun(x: basin.tensor, t: number|basin.tensor): basin.tensor, basin.tensor|nil
local model = {}

---The average of its weights that a training kept under a name.
---```lua
---model:averaged "ema"
---```
---(since 0.1)
---@param name string As in run:train { averages = { NAME = ... } }. Required.
---@param options? table Of the averager, changed afterwards: another profile of post_hoc_ema.
---@return basin.model
function model:averaged(name, options) end

---Its parameters by name; changing them changes the model.
---```lua
---for name, value in pairs(model:parameters()) do print(name, value) end
---```
---(since 0.1)
---@return table<string, basin.tensor>
function model:parameters() end

---Writes its weights as safetensors, under the names of the original code.
---```lua
---model:save "model.safetensors"
---```
---(since 0.1)
---@param path string The file. Required.
function model:save(path) end

---Reads weights written by model:save, by a run, or by Python; names and shapes must fit.
---```lua
---model:load "model.safetensors"
---```
---(since 0.1)
---@param path string The file, safetensors. Required.
---@return basin.model
function model:load(path) end

---A data set: opened and checked at once.
---@class basin.dataset
---@field count integer How many items it has.
---@field shape integer[] Of one item: { channels, height, width }.
---@field classes integer How many classes its labels name; 0 without labels.
---@field reference string What it is, for captions.
local dataset = {}

---Some of its images, as run:sample gives them.
---```lua
---data:images(1, 64):grid "data.png"
---```
---(since 0.1)
---@param first integer The first item, from 1. Required. At least 1.
---@param count? integer How many. Default: 1. At least 1.
---@return basin.images
function dataset:images(first, count) end

---Some items in the model's range, [-1, 1].
---```lua
---data:read(1, 4):mean()
---```
---(since 0.1)
---@param first integer The first item, from 1. Required. At least 1.
---@param count? integer How many. Default: 1. At least 1.
---@return basin.tensor
function dataset:read(first, count) end

---The classes of some items, from 0 as in the loss's context; -1 where an item has none.
---```lua
---if data.classes > 0 then print(data:labels(1, 4)) end
---```
---(since 0.1)
---@param first integer The first item, from 1. Required. At least 1.
---@param count? integer How many. Default: 1. At least 1.
---@return basin.tensor
function dataset:labels(first, count) end

---What changes the weights.
---@class basin.optimizer
local optimizer = {}

---An average of weights over a training.
---@class basin.averager
local averager = {}

---From noise to images.
---@class basin.sampler
local sampler = {}

---Which noise levels a training batch draws.
---@class basin.noise_schedule
local noise_schedule = {}

---Fewer bits for weights.
---@class basin.quantizer
local quantizer = {}

---A measurement of images, of a model, or of data.
---@class basin.metric
local metric = {}

---Measures images, a model or a data set, against data where the metric wants some; a result that the run has is loaded.
---```lua
---fid:measure(images, data)
---```
---(since 0.1)
---@param subject basin.images|basin.model|basin.dataset What is measured. Required.
---@param data? basin.dataset|basin.images What it is measured against; images, where pairs are compared.
---@param options? table seed: of the measurement's own draws (0); process: of a model that was not trained here. Default: {}.
---@return basin.result
function metric:measure(subject, data, options) end

---The forward process: how noise is added, and the time steps.
---@class basin.process
local process = {}

---How much of the image is left at t.
---```lua
---process:alpha(500)
---```
---(since 0.1)
---@param t integer|basin.tensor A time step from 0, or a tensor [B] of them. Required.
---@return number|basin.tensor
function process:alpha(t) end

---How much noise there is at t.
---```lua
---process:sigma(500)
---```
---(since 0.1)
---@param t integer|basin.tensor A time step from 0, or a tensor [B] of them. Required.
---@return number|basin.tensor
function process:sigma(t) end

---x_t = alpha x0 + sigma noise.
---```lua
---process:noised(x, basin.randn(x:shape()), basin.zeros { #x })
---```
---(since 0.1)
---@param x0 basin.tensor Clean images [B,C,H,W]. Required.
---@param noise basin.tensor As large. Required.
---@param t basin.tensor Time steps [B]. Required.
---@return basin.tensor
function process:noised(x0, noise, t) end

---Numbers in an array. + - * / // % ^ broadcast, & | ~ are of booleans and integers. t[i] is row i, from 1; t[{ i, {2, 5}, {} }] an index, a range with both ends or all for each dimension; t[mask] and t[rows] pick by a tensor. t[key] = value writes; indexing by numbers and ranges shares memory.
---@class basin.tensor
---@operator add(basin.tensor|number): basin.tensor
---@operator sub(basin.tensor|number): basin.tensor
---@operator mul(basin.tensor|number): basin.tensor
---@operator div(basin.tensor|number): basin.tensor
---@operator mod(basin.tensor|number): basin.tensor
---@operator idiv(basin.tensor|number): basin.tensor
---@operator pow(basin.tensor|number): basin.tensor
---@operator band(basin.tensor|number): basin.tensor
---@operator bor(basin.tensor|number): basin.tensor
---@operator bxor(basin.tensor|number): basin.tensor
---@operator unm: basin.tensor
---@operator bnot: basin.tensor
---@operator len: integer
---@field dtype string float32, float64, int64, int32, uint8, bool, bfloat16.
---@field device string cpu or cuda:0.
---@field T basin.tensor This matrix with rows and columns swapped.
---@field dims integer How many dimensions it has.
---@field count integer How many elements it has.
---@field [integer] basin.tensor
---@field [table] basin.tensor
---@field [basin.tensor] basin.tensor
local tensor = {}

---The sizes of its dimensions.
---```lua
---t:shape()[1]
---```
---(since 0.1)
---@return integer[]
function tensor:shape() end

---The same elements in another shape; -1 once stands for what is left.
---```lua
---t:reshape(2, -1)
---```
---(since 0.1)
---@param ... integer|integer[] The new sizes. Required.
---@return basin.tensor
function tensor:reshape(...) end

---All elements in one dimension.
---```lua
---t:flatten()
---```
---(since 0.1)
---@return basin.tensor
function tensor:flatten() end

---Two dimensions swapped.
---```lua
---t:transpose(1, 2)
---```
---(since 0.1)
---@param first integer One of them. Required.
---@param second integer The other. Required.
---@return basin.tensor
function tensor:transpose(first, second) end

---All dimensions in another order.
---```lua
---x:permute(1, 3, 4, 2)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions, from 1. Required.
---@return basin.tensor
function tensor:permute(...) end

---Backwards along dimensions.
---```lua
---t:flip(1)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions, from 1. Required.
---@return basin.tensor
function tensor:flip(...) end

---Without dimensions of size 1.
---```lua
---t:unsqueeze(1):squeeze(1)
---```
---(since 0.1)
---@param dim? integer Only this one. Default: all of them.
---@return basin.tensor
function tensor:squeeze(dim) end

---With a new dimension of size 1, for broadcasting.
---```lua
---t - t:mean(2):unsqueeze(2)
---```
---(since 0.1)
---@param dim integer Where it stands afterwards. Required.
---@return basin.tensor
function tensor:unsqueeze(dim) end

---Dimensions of size 1 stretched to these sizes, without copying.
---```lua
---t:mean(1):unsqueeze(1):expand(5, -1)
---```
---(since 0.1)
---@param ... integer|integer[] The new sizes. Required.
---@return basin.tensor
function tensor:expand(...) end

---Copies side by side.
---```lua
---t:tile(2, 1)
---```
---(since 0.1)
---@param ... integer|integer[] How often along each dimension. Required.
---@return basin.tensor
function tensor:tile(...) end

---The number in a tensor of one element.
---```lua
---t:sum():item()
---```
---(since 0.1)
---@return number|boolean
function tensor:item() end

---Its numbers as nested lists.
---```lua
---t:totable()[1]
---```
---(since 0.1)
---@return any[]
function tensor:totable() end

---Its values as another type, or on another device.
---```lua
---t:to "float64"
---```
---(since 0.1)
---@param what string float32, float64, int64, int32, uint8, bool, bfloat16; cpu, cuda, cuda:N. Required.
---@return basin.tensor
function tensor:to(what) end

---A copy of the values, outside every gradient.
---```lua
---t:copy()
---```
---(since 0.1)
---@return basin.tensor
function tensor:copy() end

---The same values, where no gradient flows.
---```lua
---t:detach()
---```
---(since 0.1)
---@return basin.tensor
function tensor:detach() end

---The same values as the start of something to differentiate.
---```lua
---local v = t:require_gradient() print((v * v):sum():gradient(v))
---```
---(since 0.1)
---@return basin.tensor
function tensor:require_gradient() end

---The gradient of the sum of this tensor.
---```lua
---local v = t:require_gradient() print((v ^ 3):gradient(v))
---```
---(since 0.1)
---@param of basin.tensor With respect to what. Required.
---@param again? boolean The result can be differentiated again. Default: false.
---@return basin.tensor
function tensor:gradient(of, again) end

---Absolute values.
---```lua
---t:abs()
---```
---(since 0.1)
---@return basin.tensor
function tensor:abs() end

---e to the power of each element.
---```lua
---t:exp()
---```
---(since 0.1)
---@return basin.tensor
function tensor:exp() end

---Natural logarithms.
---```lua
---t:abs():log()
---```
---(since 0.1)
---@return basin.tensor
function tensor:log() end

---Square roots.
---```lua
---t:abs():sqrt()
---```
---(since 0.1)
---@return basin.tensor
function tensor:sqrt() end

---Sines.
---```lua
---t:sin()
---```
---(since 0.1)
---@return basin.tensor
function tensor:sin() end

---Cosines.
---```lua
---t:cos()
---```
---(since 0.1)
---@return basin.tensor
function tensor:cos() end

---Hyperbolic tangents.
---```lua
---t:tanh()
---```
---(since 0.1)
---@return basin.tensor
function tensor:tanh() end

---1 / (1 + exp(-x)).
---```lua
---t:sigmoid()
---```
---(since 0.1)
---@return basin.tensor
function tensor:sigmoid() end

---The next whole number below.
---```lua
---t:floor()
---```
---(since 0.1)
---@return basin.tensor
function tensor:floor() end

---The next whole number above.
---```lua
---t:ceil()
---```
---(since 0.1)
---@return basin.tensor
function tensor:ceil() end

---The nearest whole number; of two the even one.
---```lua
---t:round()
---```
---(since 0.1)
---@return basin.tensor
function tensor:round() end

----1, 0 or 1.
---```lua
---t:sign()
---```
---(since 0.1)
---@return basin.tensor
function tensor:sign() end

---True where an element is neither nan nor infinite.
---```lua
---t:isfinite():all()
---```
---(since 0.1)
---@return basin.tensor
function tensor:isfinite() end

---True where an element is nan.
---```lua
---t:isnan():any()
---```
---(since 0.1)
---@return basin.tensor
function tensor:isnan() end

---Values below `low` or above `high` are replaced by them.
---```lua
---t:clamp(-1, 1)
---```
---(since 0.1)
---@param low? number|nil The least.
---@param high? number The greatest.
---@return basin.tensor
function tensor:clamp(low, high) end

---True where elements are equal; a == b says whether all are.
---```lua
---t:eq(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:eq(other) end

---True where elements differ.
---```lua
---t:ne(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:ne(other) end

---True where this is less.
---```lua
---t[t:lt(0)] = 0
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:lt(other) end

---True where this is less or equal.
---```lua
---t:le(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:le(other) end

---True where this is greater.
---```lua
---t:gt(0):sum()
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:gt(other) end

---True where this is greater or equal.
---```lua
---t:ge(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:ge(other) end

---The larger of two, element by element.
---```lua
---t:maximum(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:maximum(other) end

---The smaller of two, element by element.
---```lua
---t:minimum(0)
---```
---(since 0.1)
---@param other basin.tensor|number The right side. Required.
---@return basin.tensor
function tensor:minimum(other) end

---Of booleans: `yes` where it is true, `no` elsewhere.
---```lua
---t:gt(0):where(t, 0)
---```
---(since 0.1)
---@param yes basin.tensor|number Values where true. Required.
---@param no basin.tensor|number Values where false. Required.
---@return basin.tensor
function tensor:where(yes, no) end

---Matrix product.
---```lua
---t:matmul(t:transpose(1, 2))
---```
---(since 0.1)
---@param other basin.tensor The right side. Required.
---@return basin.tensor
function tensor:matmul(other) end

---The elements (i, i) of a matrix, sharing its memory; basin.eye(n) * v is the way back.
---```lua
---basin.eye(3):diagonal()
---```
---(since 0.1)
---@return basin.tensor
function tensor:diagonal() end

---The sum of the products of two vectors.
---```lua
---basin.range(1, 3):dot(basin.ones { 3 })
---```
---(since 0.1)
---@param other basin.tensor As long. Required.
---@return basin.tensor
function tensor:dot(other) end

---The sum of the diagonal.
---```lua
---basin.eye(3):trace():item()
---```
---(since 0.1)
---@return basin.tensor
function tensor:trace() end

---The determinant.
---```lua
---(2 * basin.eye(3)):det():item()
---```
---(since 0.1)
---@return basin.tensor
function tensor:det() end

---The determinant's sign and the logarithm of its absolute value, where det would overflow.
---```lua
---local sign, log_det = (2 * basin.eye(3)):slogdet()
---```
---(since 0.1)
---@return basin.tensor
---@return basin.tensor
function tensor:slogdet() end

---The inverse of a square matrix. a:solve(b) is more accurate than a:inverse():matmul(b).
---```lua
---(2 * basin.eye(3)):inverse()
---```
---(since 0.1)
---@return basin.tensor
function tensor:inverse() end

---The pseudo-inverse of Moore and Penrose of any matrix: t:pinverse():matmul(b) is the shortest x of least squares.
---```lua
---t:pinverse()
---```
---(since 0.1)
---@return basin.tensor
function tensor:pinverse() end

---The x with a:matmul(x) equal to the right side, a being this square matrix.
---```lua
---(2 * basin.eye(3)):solve(basin.ones { 3 })
---```
---(since 0.1)
---@param right basin.tensor [n], or [..., n, k] for k of them at once. Required.
---@return basin.tensor
function tensor:solve(right) end

---The lower triangular l with l:matmul(l:transpose(1, 2)) equal to this symmetric positive definite matrix.
---```lua
---(2 * basin.eye(3)):cholesky()
---```
---(since 0.1)
---@return basin.tensor
function tensor:cholesky() end

---Eigenvalues of a symmetric matrix, the least first, and its eigenvectors of length 1 as columns.
---```lua
---local values, vectors = t:matmul(t:transpose(1, 2)):eigh()
---```
---(since 0.1)
---@return basin.tensor
---@return basin.tensor
function tensor:eigh() end

---u, s and v of a matrix u * s * v: orthonormal columns, singular values with the largest first, orthonormal rows (NumPy's full_matrices=False).
---```lua
---local u, s, v = t:svd() print((u * s):matmul(v))
---```
---(since 0.1)
---@return basin.tensor
---@return basin.tensor
---@return basin.tensor
function tensor:svd() end

---Adds up.
---```lua
---t:sum(2)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:sum(...) end

---The mean.
---```lua
---(a - b):mean(2, 3, 4)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:mean(...) end

---The largest.
---```lua
---t:max():item()
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:max(...) end

---The smallest.
---```lua
---t:min(1)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:min(...) end

---The product.
---```lua
---t:prod(1)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:prod(...) end

---The mean squared distance from the mean (divided by n, as NumPy does).
---```lua
---t:var(1)
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:var(...) end

---The square root of var.
---```lua
---t:std():item()
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:std(...) end

---The Euclidean length.
---```lua
---t:norm():item()
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return basin.tensor
function tensor:norm(...) end

---Whether one is not 0.
---```lua
---if t:isnan():any() then print "nan" end
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return boolean|basin.tensor
function tensor:any(...) end

---Whether none is 0.
---```lua
---assert(t:isfinite():all())
---```
---(since 0.1)
---@param ... integer|integer[] Dimensions from 1 on; without any: all of them. Default: all.
---@return boolean|basin.tensor
function tensor:all(...) end

---Where the largest is, from 1.
---```lua
---t:argmax(2)
---```
---(since 0.1)
---@param dim? integer A dimension; without one: over all elements, a number.
---@return integer|basin.tensor
function tensor:argmax(dim) end

---Where the smallest is, from 1.
---```lua
---t:argmin()
---```
---(since 0.1)
---@param dim? integer A dimension; without one: over all elements, a number.
---@return integer|basin.tensor
function tensor:argmin(dim) end

---Sums of all up to each element.
---```lua
---t:cumsum(2)
---```
---(since 0.1)
---@param dim? integer Along which dimension. Default: 1.
---@return basin.tensor
function tensor:cumsum(dim) end

---In order along a dimension, and where each came from, from 1.
---```lua
---local sorted, places = t:sort(2)
---```
---(since 0.1)
---@param dim? integer Along which dimension. Default: -1.
---@param descending? boolean The largest first. Default: false.
---@return basin.tensor
---@return basin.tensor
function tensor:sort(dim, descending) end

---The number below which a share `q` of the elements lies, between two elements on a line.
---```lua
---t:quantile(0.5)
---```
---(since 0.1)
---@param q number The share. Required. From 0 to 1.
---@param dim? integer A dimension; without one: over all elements, a number.
---@return number|basin.tensor
function tensor:quantile(q, dim) end

---How many elements lie in each of `bins` equal parts, and the bins + 1 edges; the last part holds both of its ends.
---```lua
---local counts, edges = t:histogram(5)
---```
---(since 0.1)
---@param bins? integer How many parts. Default: 10. At least 1.
---@param low? number Where the first begins; what lies below is not counted. Default: the smallest.
---@param high? number Where the last ends. Default: the largest.
---@return basin.tensor
---@return basin.tensor
function tensor:histogram(bins, low, high) end

---@class (exact) basin.tensor.image.options
---@field path? string The file. Default: "image.png".
---@field columns? integer Images in a row; 0: as square as possible. Default: 0. At least 0.
---@field scale? integer Each pixel becomes scale x scale. Default: by size. At least 1.
---@field low? number What is black. Default: -1; of uint8 and booleans 0.
---@field high? number What is white. Default: 1; of uint8 255.

---Writes it as a PNG: [H,W], [C,H,W], or a grid of [N,C,H,W].
---```lua
---x:image "noise.png"
---```
---(since 0.1)
---@param options? basin.tensor.image.options|string
---@return string
function tensor:image(options) end

---@class (exact) basin.tensor.plot.options
---@field path? string The file. Default: "plot.png".
---@field x? basin.tensor|any[] Where the values stand. Default: 1, 2, ....
---@field names? string[] Of the curves, for the legend.
---@field title? string Above it.
---@field x_label? string Of the horizontal axis.
---@field y_label? string Of the vertical axis.
---@field log_x? boolean A logarithmic horizontal axis. Default: false.
---@field log_y? boolean A logarithmic vertical axis. Default: false.

---Draws [n], or each row of [curves,n], as a line into a PNG.
---```lua
---t:plot { path = "rows.png", title = "two rows", names = { "a", "b" } }
---```
---(since 0.1)
---@param options? basin.tensor.plot.options|string
---@return string
function tensor:plot(options) end

---Images of 8 bits a channel, as run:sample and data:images give them.
---@class basin.images
---@operator len: integer
---@field count integer How many.
---@field shape integer[] Of one: { channels, height, width }.
---@field label string Which weights they came from.
---@field pixels basin.tensor A uint8 tensor [N,C,H,W].
---@field protocol table How they were made.
local images = {}

---Writes them side by side as one PNG.
---```lua
---images:grid "samples.png"
---```
---(since 0.1)
---@param path string The file. Required.
---@param columns? integer Images in a row; 0: as square as possible. Default: 0. At least 0.
---@param scale? integer Each pixel becomes scale x scale. Default: by size. At least 1.
function images:grid(path, columns, scale) end

---@class (exact) basin.images.show.options
---@field count? integer How many of them, from the first. Default: 16.
---@field columns? integer Images in a row. Default: as many as fit.
---@field as? string kitty, sixel, blocks or shades. Default: what the terminal can.

---Shows them in the terminal: as pictures where it can (kitty, sixel), else two pixels a character.
---```lua
---images:show { count = 8 }
---```
---(since 0.1)
---@param options? basin.images.show.options
function images:show(options) end

---Writes each as a PNG: 000001.png and so on.
---```lua
---images:save "samples"
---```
---(since 0.1)
---@param folder string Made where it is missing. Required.
function images:save(folder) end

---The model inside a loss: model(x, t) gives its prediction, and the variance where it learns one.
---@class basin.denoiser
---@overload fun(x: basin.tensor, t: basin.tensor): basin.tensor, basin.tensor|nil
local denoiser = {}

---What a sampler written in Lua works on: from noise to images with the model as a function.
---@class basin.sampling
---@field start basin.tensor The noise to begin with, [B,C,H,W].
---@field process basin.process The process.
local sampling = {}

---The model at one noise level: the noise in x, the image in it, and v where the variance is learned.
---```lua
---basin.sampler("one_step", function(sampling) return select(2, sampling:denoise(sampling.start, 999)) end)
---```
---(since 0.1)
---@param x basin.tensor Noisy images [B,C,H,W]. Required.
---@param t number The time step, from 0. Required. At least 0.
---@return basin.tensor
---@return basin.tensor
---@return basin.tensor|nil
function sampling:denoise(x, t) end

---Standard normal numbers [B,C,H,W] for one step: the same for an image at every batch size.
---```lua
---basin.sampler("noise", function(sampling) return sampling:noise(1) end)
---```
---(since 0.1)
---@param step integer Which step's. Required. At least 0.
---@return basin.tensor
function sampling:noise(step) end

---`count` of the process's time steps, ascending.
---```lua
---basin.sampler("last", function(sampling) return sampling.start * sampling:levels(2)[1] end)
---```
---(since 0.1)
---@param count integer How many. Required. At least 1.
---@param spacing? "even"|"stride" even: both ends kept; stride: DDIM's whole stride. Default: "even".
---@return integer[]
function sampling:levels(count, spacing) end

---Says how far it is, for the progress bar and on_step; Ctrl-C is heard here.
---```lua
---basin.sampler("idle", function(sampling) sampling:report(1, 1) return sampling.start end)
---```
---(since 0.1)
---@param step integer Steps done. Required.
---@param steps integer Of how many. Required.
---@param x? basin.tensor The images now.
---@param x0? basin.tensor The estimate of the clean ones.
function sampling:report(step, steps, x, x0) end

---What an optimizer written in Lua works on: one step's loss, gradients and weights.
---@class basin.training
---@field groups { name: string, values: basin.tensor, gradients: basin.tensor, rate: basin.tensor }[] The weights, group by group, each flat: { name, values, gradients, rate }.
---@field step integer Which step this is, from 1, over restarts too.
local training = {}

---Forward and backward at the weights as they stand; the gradients then lie in the groups. Every call of one step sees the same images, noise and dropout.
---```lua
---basin.optimizer("still", function(training) training:loss() end)
---```
---(since 0.1)
---@return basin.tensor
function training:loss() end

---A tensor that is remembered between steps and in checkpoints; zeros at first.
---```lua
---basin.optimizer("momentum", function(training)
---  training:loss()
---  for i, g in ipairs(training.groups) do
---    local m = training:state("m" .. i, g.values)
---    m[{}] = 0.9 * m + g.gradients
---    g.values[{}] = g.values - 0.01 * g.rate * m
---  end
---end)
---```
---(since 0.1)
---@param name string Its name. Required.
---@param like basin.tensor Its shape and type. Required.
---@return basin.tensor
function training:state(name, like) end

---What a metric written in Lua measures. It may move the model's weights: they are put back.
---@class basin.measurement
---@field model basin.model|nil The model, where one is measured; model(x, t) calls it.
---@field images basin.images|nil The images, where some are measured.
---@field data basin.dataset|nil What it is measured against, or the data that is measured.
---@field process basin.process|nil The model's process.
---@field seed integer Of the measurement.
local measurement = {}

---The training losses [count] of items at the weights as they stand; their noise is the same for every model.
---```lua
---basin.metric("loss", function(m) return m:losses(1, 4):mean() end)
---```
---(since 0.1)
---@param first integer The first item, from 1. Required. At least 1.
---@param count integer How many. Required. At least 1.
---@param draw? integer Another draw of levels and noise. Default: 0. At least 0.
---@param t? number The time step of all. Default: drawn. At least 0.
---@return basin.tensor
function measurement:losses(first, count, draw, t) end

---The points of a grid. for point in sweep do ... end goes over them; what a script writes into a point (point.fid = ...) is a column of the table that print(sweep) shows.
---@class basin.sweep
---@operator len: integer
---@field points table[] The points as a list: each a table of the grid's values and what was found.
---@field count integer How many points the grid has, all tasks together.
---@field columns string[] The columns of its table.
---@overload fun(): table|nil
local sweep = {}

---What a metric found. Its numbers by name: result.loss; result.protocol says how it was measured.
---@class basin.result
---@field value number The metric's own number.
---@field low number|nil Lower end of its 95 % interval; nil where it is exact.
---@field high number|nil Upper end.
---@field intervals table<string, basin.estimate> All numbers by name, with value, low and high.
---@field curves table[] A list of { name, x_label, x, y, low, high }.
---@field grids table[] A list of { name, x_label, x, y_label, y, z, low, high }; z has a row for each y.
---@field protocol table What someone must know to compare.
---@field seconds number How long it took.
---@field metric string Its name.
---@field label string Which weights were measured.
local result = {}

---@class (exact) basin.result.contour.options
---@field path? string The file. Default: "contour.png".
---@field grid? string Which, by name. Default: the first.
---@field log? boolean A logarithmic scale of the values. Default: false.
---@field low? number Lower end of the scale of values, for several pictures with one. Default: the lowest value.
---@field high? number Its upper end. Default: the highest value.
---@field title? string Above it. Default: the metric and the weights.
---@field width? integer Of the picture. [pixels] Default: 760. From 200 to 8000.
---@field height? integer Of the picture. [pixels] Default: 600. From 150 to 8000.

---Draws a grid that the metric found, from above with lines of equal value, into a PNG.
---```lua
---surface:contour "contour.png"
---```
---(since 0.1)
---@param options? basin.result.contour.options|string
---@return string
function result:contour(options) end

---@class (exact) basin.result.surface.options
---@field path? string The file. Default: "surface.png".
---@field grid? string Which, by name. Default: the first.
---@field log? boolean A logarithmic scale of the values. Default: false.
---@field low? number Lower end of the scale of values, for several pictures with one. Default: the lowest value.
---@field high? number Its upper end. Default: the highest value.
---@field title? string Above it. Default: the metric and the weights.
---@field width? integer Of the picture. [pixels] Default: 760. From 200 to 8000.
---@field height? integer Of the picture. [pixels] Default: 600. From 150 to 8000.

---Draws a grid that the metric found, in three dimensions, into a PNG.
---```lua
---surface:surface { path = "surface.png", log = true }
---```
---(since 0.1)
---@param options? basin.result.surface.options|string
---@return string
function result:surface(options) end

---A number with its 95 % interval.
---@class basin.estimate
---@field value number The number.
---@field low number|nil Lower end; nil where it is exact.
---@field high number|nil Upper end.
local estimate = {}

---One experiment with a folder of its own. The same script again continues it, or loads what is finished.
---@class basin.run
---@field folder string|nil Its folder; nil before the first train or sample.
---@field name string As basin.run was told.
---@field seed integer As basin.run was told.
local run = {}

---@class (exact) basin.run.train.options
---@field model basin.model What is trained. Required.
---@field data basin.dataset What it learns. Required.
---@field process basin.process How noise is added. Required.
---@field validation? basin.dataset Held-out items for what asks for the loss on them, such as the averager swad.
---@field steps integer Steps of the optimizer. Required. At least 1.
---@field batch? integer Images a step. [images] Default: 32. At least 1.
---@field optimizer basin.optimizer What changes the weights. Required.
---@field averages? table<string, basin.averager> Averagers by name, { ema = basin.averager "ema" }; model:averaged NAME gives them. Default: {}.
---@field noise_schedule? basin.noise_schedule Which noise levels a batch draws. Default: basin.noise_schedule "uniform".
---@field loss? "simple"|"hybrid"|fun(model: basin.denoiser, x0: basin.tensor, noise: basin.tensor, t: basin.tensor, context: table): basin.tensor By name, or a function that returns a tensor [B]. Default: "hybrid" where the model learns its variance, else "simple".
---@field input_perturbation? number gamma of Ning et al. 2023: extra noise that the target does not know. Default: 0. At least 0.
---@field flip? boolean Mirror each image left to right with probability 1/2. Default: true, of float data false.
---@field accumulate? integer Parts a batch is computed in, for less memory. Default: 1. At least 1.
---@field log_every? integer Steps between lines of metrics.jsonl. [steps] Default: 10. At least 1.
---@field save_every? integer Steps between checkpoints. [steps] Default: 500. At least 1.
---@field on_step? fun(at: { step: integer, steps: integer, loss: number, images_per_second: number, seconds: number }): table<string, number>|nil Called after every step, with the loss of its batch. A table of numbers that it gives back stands in the run's rows beside the loss (the mean since the row before), in reports and run:curve.
---@field on_epoch? fun(at: { epoch: integer, step: integer, steps: integer, loss: number, seconds: number }): table<string, number>|nil Called after the step that ends a pass over the data; loss: the mean since the last one. What it gives back is taken as on_step's.

---Trains a model, or continues, or loads what is finished.
---```lua
---run:train { model = model, data = data, process = process, steps = 20, optimizer = basin.optimizer "adam" }
---```
---(since 0.1)
---@param options basin.run.train.options
---@return { loss: number, seconds: number, steps: integer, images_per_second: number }
function run:train(options) end

---@class (exact) basin.run.sample.options
---@field model basin.model What is sampled from: a model, model:averaged "ema", or a quantized one. Required.
---@field sampler basin.sampler From noise to images. Required.
---@field count? integer How many images. [images] Default: 16. At least 1.
---@field batch? integer How many at a time; the images do not depend on it. [images] Default: 64. At least 1.
---@field seed? integer Of the noise. Default: the run's. At least 0.
---@field process? basin.process Of a model that was not trained here. Default: what it was trained on.
---@field on_sample? fun(at: { done: integer, count: integer, images: basin.images }) Called with every finished batch of images.
---@field on_step? fun(at: { done: integer, step: integer, steps: integer, x: basin.tensor|nil, x0: basin.tensor|nil }) Called after every step of the sampler with the noisy images, and the clean ones it expects.

---Samples images, or continues, or loads what is finished.
---```lua
---run:sample { model = model, sampler = basin.sampler "ddpm" { steps = 20 }, count = 4 }
---```
---(since 0.1)
---@param options basin.run.sample.options
---@return basin.images
function run:sample(options) end

---@class (exact) basin.run.quantize.options
---@field model basin.model Is left as it is. Required.
---@field quantizer basin.quantizer What makes the copy small. Required.

---A quantized copy of a model, and what it costs.
---```lua
---run:quantize { model = model, quantizer = basin.quantizer "uniform" { bits = 8 } }
---```
---(since 0.1)
---@param options basin.run.quantize.options
---@return basin.model
---@return { layers: integer, weights: integer, bits: integer, bits_per_weight: number, relative_error: number, bytes_before: integer, bytes_after: integer }
function run:quantize(options) end

---@class (exact) basin.run.report.options
---@field runs? any[] Other runs, or their numbers, names or folders, to stand beside it. Default: {}.
---@field path? string The file. Default: report.html in the run's folder; of several, in the folder of runs.
---@field title? string The page's. Default: the runs' names.

---Writes what the run was and found as one HTML file.
---```lua
---run:report {}
---```
---(since 0.1)
---@param options? basin.run.report.options
---@return string
function run:report(options) end

---Numbers of its rows: of training, of plugins and of what on_step gave back.
---```lua
---local losses, steps = run:curve "loss"
---```
---(since 0.1)
---@param name string "loss" (the mean since the row before), "images_per_second", ... Required.
---@return basin.tensor
---@return basin.tensor
function run:curve(name) end

---A line in the run's log.txt, with the time.
---```lua
---run:log "halfway"
---```
---(since 0.1)
---@param line string The line. Required.
function run:log(line) end

---The library.
---@class basin
---@field version string
---@field args table<string, any> What basin.arguments declared, with values.
local basin = {}

---Declares what the command line may set with --set; the values are then in basin.args. A script calls it once, before anything that takes long.
---```lua
---basin.arguments { steps = { type = "integer", default = 100, help = "training steps" } }
---```
---(since 0.1)
---@param declarations table For each name a table of type, help, default, minimum, maximum, choices. Required.
---@return table
function basin.arguments(declarations) end

---@class (exact) basin.model.adm_unet.options
---@field image? integer Height and width of the images. [pixels] Default: 32. At least 1.
---@field in_channels? integer Channels of the images. Default: 3. At least 1.
---@field channels? integer Channels of the first level. Default: 128. At least 32.
---@field multipliers? number[] Channels of each level as multiples of `channels`; empty: guided-diffusion's for the image size. At least 0.
---@field blocks? integer Residual blocks of each level. Default: 3. At least 1.
---@field attention? integer[] Image sizes at which there is attention. Default: { 16, 8 }. At least 1.
---@field head_channels? integer Channels of an attention head; 0: by `heads`. Default: 32. At least 0.
---@field heads? integer Attention heads, where head_channels is 0. Default: 4. At least 1.
---@field dropout? number Probability of dropout in residual blocks. Default: 0. From 0 to 0.99.
---@field learned_variance? boolean Also gives the v of a learned range of variances (Nichol and Dhariwal 2021, eq. 15). Default: false.
---@field classes? integer Classes of labels; 0: unconditional. Default: 0. At least 0.
---@field scale_shift? boolean The time embedding scales and shifts; false: it is added. Default: true.
---@field residual_resampling? boolean Residual blocks resample; false: convolutions do. Default: true.
---@field target? "epsilon"|"x0"|"v"|"score" What the model predicts. Default: "epsilon".
---@field order? "new"|"legacy" Channels of qkv: [q,k,v][head] or, legacy, [head][q,k,v]; a checkpoint fits one only. Default: "new".

---ADM's U-Net (Dhariwal and Nichol 2021, arXiv 2105.05233), with guided-diffusion's names.
---@class basin.model.adm_unet: basin.model
---@field image integer Height and width of the images.
---@field in_channels integer Channels of the images.
---@field channels integer Channels of the first level.
---@field multipliers number[] Channels of each level as multiples of `channels`; empty: guided-diffusion's for the image size.
---@field blocks integer Residual blocks of each level.
---@field attention integer[] Image sizes at which there is attention.
---@field head_channels integer Channels of an attention head; 0: by `heads`.
---@field heads integer Attention heads, where head_channels is 0.
---@field dropout number Probability of dropout in residual blocks.
---@field learned_variance boolean Also gives the v of a learned range of variances (Nichol and Dhariwal 2021, eq. 15).
---@field classes integer Classes of labels; 0: unconditional.
---@field scale_shift boolean The time embedding scales and shifts; false: it is added.
---@field residual_resampling boolean Residual blocks resample; false: convolutions do.
---@field target "epsilon"|"x0"|"v"|"score" What the model predicts.
---@field order "new"|"legacy" Channels of qkv: [q,k,v][head] or, legacy, [head][q,k,v]; a checkpoint fits one only.
---@overload fun(options: basin.model.adm_unet.options): basin.model.adm_unet

---@class (exact) basin.model.inception_v3.options
---@field weights? string Weights that scripts/convert_inception.py wrote; without, the network is untrained.
---@field resize? "tensorflow"|"pytorch"|"clean" How images come to 299x299: as in the 2015 graph and torch-fidelity; pytorch-fid; clean-fid. Default: "tensorflow".
---@field layer? "pool"|"spatial"|"logits"|"64"|"192"|"768" The features: 2048 averages (FID); 7 channels of 17x17 in the middle (sFID); the logits of 1008 classes without their bias (Inception Score); or averages of an earlier layer, for few images: after the first or the second max pool, or before the 2015 graph's second classifier. Default: "pool".

---The Inception network of 2015 that FID is defined by; its weights are converted by a script.
---@class basin.model.inception_v3: basin.model
---@field weights string Weights that scripts/convert_inception.py wrote; without, the network is untrained.
---@field resize "tensorflow"|"pytorch"|"clean" How images come to 299x299: as in the 2015 graph and torch-fidelity; pytorch-fid; clean-fid.
---@field layer "pool"|"spatial"|"logits"|"64"|"192"|"768" The features: 2048 averages (FID); 7 channels of 17x17 in the middle (sFID); the logits of 1008 classes without their bias (Inception Score); or averages of an earlier layer, for few images: after the first or the second max pool, or before the 2015 graph's second classifier.
---@overload fun(options: basin.model.inception_v3.options): basin.model.inception_v3

---@class (exact) basin.model.lpips_features.options
---@field trunk? "alex"|"vgg"|"squeeze" The network: AlexNet, VGG-16 or SqueezeNet 1.1. Default: "alex".
---@field weights? string Weights that scripts/convert_lpips.py wrote; without, the network is untrained.

---Features whose squared distance is LPIPS; its weights are converted by a script.
---@class basin.model.lpips_features: basin.model
---@field trunk "alex"|"vgg"|"squeeze" The network: AlexNet, VGG-16 or SqueezeNet 1.1.
---@field weights string Weights that scripts/convert_lpips.py wrote; without, the network is untrained.
---@overload fun(options: basin.model.lpips_features.options): basin.model.lpips_features

---@class (exact) basin.model.small_features.options
---@field weights? string Weights to use instead of those beside the plugin.
---@field pretrained? boolean Begin with weights; false: untrained, to train it. Default: true.
---@field layer? "features"|"logits" The features: 32 numbers, or the logits of ten classes (for inception_score). Default: "features".

---32 features of an image, by a small classifier that Basin trained on CIFAR-10; not Inception.
---@class basin.model.small_features: basin.model
---@field weights string Weights to use instead of those beside the plugin.
---@field pretrained boolean Begin with weights; false: untrained, to train it.
---@field layer "features"|"logits" The features: 32 numbers, or the logits of ten classes (for inception_score).
---@overload fun(options: basin.model.small_features.options): basin.model.small_features

---A model: built at once, on the CPU.
---@param name "adm_unet"
---@param options? basin.model.adm_unet.options
---@return basin.model.adm_unet
---@overload fun(name: "inception_v3", options?: basin.model.inception_v3.options): basin.model.inception_v3
---@overload fun(name: "lpips_features", options?: basin.model.lpips_features.options): basin.model.lpips_features
---@overload fun(name: "small_features", options?: basin.model.small_features.options): basin.model.small_features
function basin.model(name, options) end

---@class (exact) basin.dataset.cifar10.options
---@field root string The folder with data_batch_1.bin, or the one that holds cifar-10-batches-bin. Required.
---@field split? "train"|"test"|"all" 50,000 images to train on, 10,000 to test on, or both in this order. Default: "train".
---@field size? integer Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels). [pixels] Default: 32. From 4 to 32.

---CIFAR-10 in its binary layout: 60,000 photographs of ten kinds, 32x32.
---@class basin.dataset.cifar10: basin.dataset
---@field root string The folder with data_batch_1.bin, or the one that holds cifar-10-batches-bin.
---@field split "train"|"test"|"all" 50,000 images to train on, 10,000 to test on, or both in this order.
---@field size integer Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels).
---@overload fun(options: basin.dataset.cifar10.options): basin.dataset.cifar10

---@class (exact) basin.dataset.cifar100.options
---@field root string The folder with train.bin and test.bin, or the one that holds cifar-100-binary. Required.
---@field split? "train"|"test"|"all" 50,000 images to train on, 10,000 to test on, or both in this order. Default: "train".
---@field labels? "fine"|"coarse" The 100 classes, or the 20 groups of five. Default: "fine".
---@field size? integer Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels). [pixels] Default: 32. From 4 to 32.

---CIFAR-100 in its binary layout: 60,000 photographs of a hundred kinds, 32x32.
---@class basin.dataset.cifar100: basin.dataset
---@field root string The folder with train.bin and test.bin, or the one that holds cifar-100-binary.
---@field split "train"|"test"|"all" 50,000 images to train on, 10,000 to test on, or both in this order.
---@field size integer Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels).
---@overload fun(options: basin.dataset.cifar100.options): basin.dataset.cifar100

---@class (exact) basin.dataset.edm_zip.options
---@field file string The zip file, with dataset.json in it. Required.
---@field size? integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size. [pixels] Default: 0. From 0 to 4096.
---@field keep? integer Decoded pictures are kept in memory when all of them fit in this; 0: never. [MiB] Default: 1024. From 0 to 1073741824.
---@field labels? boolean Whether the labels of dataset.json are read; false: it may be missing. Default: true.

---The zip file of pictures and labels that EDM's dataset tool writes.
---@class basin.dataset.edm_zip: basin.dataset
---@field file string The zip file, with dataset.json in it.
---@field size integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size.
---@field keep integer Decoded pictures are kept in memory when all of them fit in this; 0: never.
---@overload fun(options: basin.dataset.edm_zip.options): basin.dataset.edm_zip

---@class (exact) basin.dataset.gaussian.options
---@field count? integer How many items. Default: 5000. At least 1.
---@field size? integer Width and height. Default: 8. From 1 to 1024.
---@field channels? integer Channels of an item. Default: 3. From 1 to 1024.
---@field mean? number Mean of every value. Default: 0.
---@field std? number Standard deviation of every value. Default: 0.5. At least 0.
---@field seed? integer Other values for another seed. Default: 0. At least 0.

---Normal random values N(mean, std^2), for which the optimal loss is known exactly.
---@class basin.dataset.gaussian: basin.dataset
---@field size integer Width and height.
---@field channels integer Channels of an item.
---@field mean number Mean of every value.
---@field std number Standard deviation of every value.
---@field seed integer Other values for another seed.
---@overload fun(options: basin.dataset.gaussian.options): basin.dataset.gaussian

---@class (exact) basin.dataset.image_folder.options
---@field root string The folder; png, jpg, jpeg, bmp and webp files below it are found. Required.
---@field size? integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size. [pixels] Default: 0. From 0 to 4096.
---@field keep? integer Decoded pictures are kept in memory when all of them fit in this; 0: never. [MiB] Default: 1024. From 0 to 1073741824.

---Every picture below a folder; the first sub-folder of each is its label.
---@class basin.dataset.image_folder: basin.dataset
---@field root string The folder; png, jpg, jpeg, bmp and webp files below it are found.
---@field size integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size.
---@field keep integer Decoded pictures are kept in memory when all of them fit in this; 0: never.
---@overload fun(options: basin.dataset.image_folder.options): basin.dataset.image_folder

---@class (exact) basin.dataset.npz.options
---@field file string The .npz file: arr_0, uint8 [N,H,W,3]; arr_1, labels [N]. Required.
---@field size? integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size. [pixels] Default: 0. From 0 to 4096.
---@field labels? boolean Whether arr_1 is read where it is there. Default: true.

---Images in a NumPy archive, as guided-diffusion and EDM write them.
---@class basin.dataset.npz: basin.dataset
---@field file string The .npz file: arr_0, uint8 [N,H,W,3]; arr_1, labels [N].
---@field size integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size.
---@overload fun(options: basin.dataset.npz.options): basin.dataset.npz

---@class (exact) basin.dataset.shapes.options
---@field count? integer How many pictures. [images] Default: 5000. At least 1.
---@field size? integer Width and height; the same pictures at every size. [pixels] Default: 32. From 4 to 1024.
---@field seed? integer Other pictures for another seed. Default: 0. At least 0.
---@field classes? integer How many kinds of shape, in this order: circle, square, triangle, ring, cross, star, heart, moon. Default: 8. From 1 to 8.

---Coloured anti-aliased shapes on gradients, drawn by the program itself.
---@class basin.dataset.shapes: basin.dataset
---@field size integer Width and height; the same pictures at every size.
---@field seed integer Other pictures for another seed.
---@overload fun(options: basin.dataset.shapes.options): basin.dataset.shapes

---@class (exact) basin.dataset.webdataset.options
---@field root? string The folder with the shards, all its .tar files.
---@field file? string One shard, instead of root.
---@field size? integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size. [pixels] Default: 0. From 0 to 4096.
---@field keep? integer Decoded pictures are kept in memory when all of them fit in this; 0: never. [MiB] Default: 1024. From 0 to 1073741824.

---Pictures in tar archives of WebDataset's layout, with labels in .cls.
---@class basin.dataset.webdataset: basin.dataset
---@field root string The folder with the shards, all its .tar files.
---@field file string One shard, instead of root.
---@field size integer Width and height, to which pictures are cropped and resized; 0: as they are, all of one size.
---@field keep integer Decoded pictures are kept in memory when all of them fit in this; 0: never.
---@overload fun(options: basin.dataset.webdataset.options): basin.dataset.webdataset

---A data set: opened and checked at once.
---@param name "cifar10"
---@param options? basin.dataset.cifar10.options
---@return basin.dataset.cifar10
---@overload fun(name: "cifar100", options?: basin.dataset.cifar100.options): basin.dataset.cifar100
---@overload fun(name: "edm_zip", options?: basin.dataset.edm_zip.options): basin.dataset.edm_zip
---@overload fun(name: "gaussian", options?: basin.dataset.gaussian.options): basin.dataset.gaussian
---@overload fun(name: "image_folder", options?: basin.dataset.image_folder.options): basin.dataset.image_folder
---@overload fun(name: "npz", options?: basin.dataset.npz.options): basin.dataset.npz
---@overload fun(name: "shapes", options?: basin.dataset.shapes.options): basin.dataset.shapes
---@overload fun(name: "webdataset", options?: basin.dataset.webdataset.options): basin.dataset.webdataset
function basin.dataset(name, options) end

---@class (exact) basin.optimizer.adam.options
---@field lr? number Learning rate. Default: 0.0001. At least 0.
---@field beta1? number Decay of the mean of gradients. Default: 0.9. From 0 to 0.9999999.
---@field beta2? number Decay of the mean of squared gradients. Default: 0.999. From 0 to 0.9999999.
---@field eps? number Added to the root of the mean of squares. Default: 1e-08. At least 0.
---@field weight_decay? number Decoupled: values shrink by lr times this. Default: 0. At least 0.

---Adam with decoupled weight decay (Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv 1711.05101).
---@class basin.optimizer.adam: basin.optimizer
---@field lr number Learning rate.
---@field beta1 number Decay of the mean of gradients.
---@field beta2 number Decay of the mean of squared gradients.
---@field eps number Added to the root of the mean of squares.
---@field weight_decay number Decoupled: values shrink by lr times this.
---@overload fun(options: basin.optimizer.adam.options): basin.optimizer.adam

---@class (exact) basin.optimizer.adam_ema.options
---@field lr? number Learning rate. Default: 0.0001. At least 0.
---@field beta1? number Decay of the mean of gradients. Default: 0.9. From 0 to 0.9999999.
---@field beta2? number Decay of the mean of squared gradients. Default: 0.999. From 0 to 0.9999999.
---@field eps? number Added to the root of the mean of squares. Default: 1e-08. At least 0.
---@field weight_decay? number Decoupled: values shrink by lr times this. Default: 0. At least 0.
---@field decay? number What is kept of the average at each step. Default: 0.9999. From 0 to 1.

---Adam (Kingma and Ba 2015, arXiv 1412.6980) and an average of the weights in one pass over memory.
---@class basin.optimizer.adam_ema: basin.optimizer
---@field lr number Learning rate.
---@field beta1 number Decay of the mean of gradients.
---@field beta2 number Decay of the mean of squared gradients.
---@field eps number Added to the root of the mean of squares.
---@field weight_decay number Decoupled: values shrink by lr times this.
---@field decay number What is kept of the average at each step.
---@overload fun(options: basin.optimizer.adam_ema.options): basin.optimizer.adam_ema

---@class (exact) basin.optimizer.adamax.options
---@field lr? number Learning rate. Default: 0.002. At least 0.
---@field beta1? number Decay of the mean of gradients. Default: 0.9. From 0 to 0.9999999.
---@field beta2? number Decay of the largest gradient. Default: 0.999. From 0 to 1.
---@field eps? number Added to the size of a gradient, so that none is 0. Default: 1e-08. At least 0.
---@field weight_decay? number Times the values, added to the gradients. Default: 0. At least 0.

---AdaMax: Adam with the infinity norm (Kingma and Ba 2015, arXiv 1412.6980).
---@class basin.optimizer.adamax: basin.optimizer
---@field lr number Learning rate.
---@field beta1 number Decay of the mean of gradients.
---@field beta2 number Decay of the largest gradient.
---@field eps number Added to the size of a gradient, so that none is 0.
---@field weight_decay number Times the values, added to the gradients.
---@overload fun(options: basin.optimizer.adamax.options): basin.optimizer.adamax

---@class (exact) basin.optimizer.adan.options
---@field lr? number Learning rate. Default: 0.001. At least 0.
---@field beta1? number Decay of the mean of gradients. Default: 0.98. From 0 to 0.9999999.
---@field beta2? number Decay of the mean of their changes. Default: 0.92. From 0 to 0.9999999.
---@field beta3? number Decay of the mean of squares. Default: 0.99. From 0 to 0.9999999.
---@field eps? number Added to the root of the mean of squares. Default: 1e-08. At least 0.
---@field weight_decay? number Values are divided by 1 + lr times this. Default: 0. At least 0.

---Adan: adaptive Nesterov momentum (Xie et al. 2022, arXiv 2208.06677).
---@class basin.optimizer.adan: basin.optimizer
---@field lr number Learning rate.
---@field beta1 number Decay of the mean of gradients.
---@field beta2 number Decay of the mean of their changes.
---@field beta3 number Decay of the mean of squares.
---@field eps number Added to the root of the mean of squares.
---@field weight_decay number Values are divided by 1 + lr times this.
---@overload fun(options: basin.optimizer.adan.options): basin.optimizer.adan

---@class (exact) basin.optimizer.asam.options
---@field rho? number Radius of the ball, in units of the weights. Default: 0.5. At least 0.
---@field eta? number Added to |w|, so that weights at 0 move too. Default: 0.01. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Adaptive sharpness-aware minimization (Kwon et al. 2021, arXiv 2102.11600), around any optimizer.
---@class basin.optimizer.asam: basin.optimizer
---@field rho number Radius of the ball, in units of the weights.
---@field eta number Added to |w|, so that weights at 0 move too.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.asam.options): basin.optimizer.asam

---@class (exact) basin.optimizer.clip.options
---@field norm? number Largest norm, over all parameters together. Default: 1. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Clips gradients by their global norm (Pascanu et al. 2013, arXiv 1211.5063), around any optimizer.
---@class basin.optimizer.clip: basin.optimizer
---@field norm number Largest norm, over all parameters together.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.clip.options): basin.optimizer.clip

---@class (exact) basin.optimizer.esam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.05. At least 0.
---@field beta? number Share of the weights that is moved, drawn anew in each step. Default: 0.6. From 0.01 to 1.
---@field gamma? number Share of the batch that the second gradients are of. Default: 0.5. From 0.01 to 1.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Efficient sharpness-aware minimization (Du et al. 2022, arXiv 2110.03141), around any optimizer.
---@class basin.optimizer.esam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field beta number Share of the weights that is moved, drawn anew in each step.
---@field gamma number Share of the batch that the second gradients are of.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.esam.options): basin.optimizer.esam

---@class (exact) basin.optimizer.friendly_sam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.2. At least 0.
---@field sigma? number How much of the mean gradient is left out. Default: 1. At least 0.
---@field decay? number What is kept of the mean gradient at each step. Default: 0.9. From 0 to 1.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Friendly SAM (Li et al. 2024, arXiv 2403.12350): climbs along the noise of the batch, around any optimizer.
---@class basin.optimizer.friendly_sam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field sigma number How much of the mean gradient is left out.
---@field decay number What is kept of the mean gradient at each step.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.friendly_sam.options): basin.optimizer.friendly_sam

---@class (exact) basin.optimizer.gsam.options
---@field rho? number Radius of the ball at the full learning rate. Default: 0.05. At least 0.
---@field rho_min? number Radius where an lr_schedule's factor is 0. Default: 0. At least 0.
---@field alpha? number How much of the gradient at w, at right angles, is taken off. Default: 0.4. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Surrogate gap guided sharpness-aware minimization (Zhuang et al. 2022, arXiv 2203.08065).
---@class basin.optimizer.gsam: basin.optimizer
---@field rho number Radius of the ball at the full learning rate.
---@field rho_min number Radius where an lr_schedule's factor is 0.
---@field alpha number How much of the gradient at w, at right angles, is taken off.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.gsam.options): basin.optimizer.gsam

---@class (exact) basin.optimizer.lion.options
---@field lr? number Learning rate: what every weight moves by; a third to a tenth of Adam's. Default: 0.0001. At least 0.
---@field beta1? number Share of the momentum in the direction. Default: 0.9. From 0 to 1.
---@field beta2? number Decay of the momentum. Default: 0.99. From 0 to 1.
---@field weight_decay? number Decoupled: values shrink by lr times this. Default: 0. At least 0.

---Lion: the sign of a momentum (Chen et al. 2023, arXiv 2302.06675).
---@class basin.optimizer.lion: basin.optimizer
---@field lr number Learning rate: what every weight moves by; a third to a tenth of Adam's.
---@field beta1 number Share of the momentum in the direction.
---@field beta2 number Decay of the momentum.
---@field weight_decay number Decoupled: values shrink by lr times this.
---@overload fun(options: basin.optimizer.lion.options): basin.optimizer.lion

---@class (exact) basin.optimizer.looksam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.05. At least 0.
---@field alpha? number Share of the kept direction, in units of |g|. Default: 0.2. At least 0.
---@field every? integer k: steps from one second gradient to the next. [steps] Default: 5. At least 1.
---@field norms? "global"|"tensor" v and its scale of all parameters together, or of each by itself. Default: "global".
---@field base basin.optimizer The optimizer that takes the step. Required.

---LookSAM (Liu et al. 2022, arXiv 2203.02714): SAM's second gradient in every k-th step, around any optimizer.
---@class basin.optimizer.looksam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field alpha number Share of the kept direction, in units of |g|.
---@field every integer k: steps from one second gradient to the next.
---@field norms "global"|"tensor" v and its scale of all parameters together, or of each by itself.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.looksam.options): basin.optimizer.looksam

---@class (exact) basin.optimizer.lpf_sgd.options
---@field sigma? number Deviation of the noise, in units of each filter's norm. Default: 0.0005. At least 0.
---@field draws? integer M: parts of the batch, each with noise of its own. Default: 8. At least 1.
---@field increase? number How much sigma grows until step `steps`, in units of itself. Default: 15. At least 0.
---@field steps? integer Length of the run, over which sigma grows; 0: it does not. [steps] Default: 0. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---LPF-SGD (Bisla et al. 2022, arXiv 2201.08025): descent on the loss smoothed over the weights.
---@class basin.optimizer.lpf_sgd: basin.optimizer
---@field sigma number Deviation of the noise, in units of each filter's norm.
---@field draws integer M: parts of the batch, each with noise of its own.
---@field increase number How much sigma grows until step `steps`, in units of itself.
---@field steps integer Length of the run, over which sigma grows; 0: it does not.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.lpf_sgd.options): basin.optimizer.lpf_sgd

---@class (exact) basin.optimizer.lr_schedule.options
---@field shape? "constant"|"linear"|"cosine"|"cyclic" What follows the warm-up. Default: "constant".
---@field warmup? integer The rate grows linearly over so many steps. [steps] Default: 0. At least 0.
---@field steps? integer Length of the run, where the shape falls. [steps] Default: 0. At least 0.
---@field floor? number Where it falls to, as a part of the learning rate. Default: 0. From 0 to 1.
---@field begin? integer Cycles begin after so many steps. [steps] Default: 0. At least 0.
---@field cycle? integer Length of a cycle: the `every` of an averager swa. [steps] Default: 100. At least 1.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Changes the learning rate over the run, around any optimizer.
---@class basin.optimizer.lr_schedule: basin.optimizer
---@field shape "constant"|"linear"|"cosine"|"cyclic" What follows the warm-up.
---@field warmup integer The rate grows linearly over so many steps.
---@field steps integer Length of the run, where the shape falls.
---@field floor number Where it falls to, as a part of the learning rate.
---@field begin integer Cycles begin after so many steps.
---@field cycle integer Length of a cycle: the `every` of an averager swa.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.lr_schedule.options): basin.optimizer.lr_schedule

---@class (exact) basin.optimizer.momentum_sam.options
---@field rho? number How far from w the gradient is found. Default: 0.3. At least 0.
---@field beta? number Decay of the momentum; that of the base. Default: 0.9. From 0 to 0.9999999.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Momentum-SAM (Becker et al. 2024, arXiv 2401.12033): one gradient a step, around any optimizer.
---@class basin.optimizer.momentum_sam: basin.optimizer
---@field rho number How far from w the gradient is found.
---@field beta number Decay of the momentum; that of the base.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.momentum_sam.options): basin.optimizer.momentum_sam

---@class (exact) basin.optimizer.muon.options
---@field lr? number Learning rate of matrices. Default: 0.02. At least 0.
---@field momentum? number Decay of the mean of a matrix's gradients. Default: 0.95. From 0 to 1.
---@field nesterov? boolean Looks ahead along the momentum. Default: true.
---@field iterations? integer Steps of Newton and Schulz's iteration. Default: 5. From 1 to 99.
---@field scale? "shape"|"rms" Times the step of a matrix: sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)), whose root mean square is like Adam's (Liu et al. 2025, arXiv 2502.16982). Default: "shape".
---@field weight_decay? number Decoupled: values shrink by the learning rate times this. Default: 0. At least 0.
---@field adam_for? string Also AdamW for parameters whose names contain one of these, comma-separated: embeddings, the last layer.
---@field adam_lr? number Learning rate of the others. Default: 0.0003. At least 0.
---@field beta1? number AdamW: decay of the mean of gradients. Default: 0.9. From 0 to 0.9999999.
---@field beta2? number AdamW: decay of the mean of squared gradients. Default: 0.95. From 0 to 0.9999999.
---@field eps? number AdamW: added to the root of the mean of squares. Default: 1e-10. At least 0.

---Muon: orthogonalized momentum for matrices (Jordan et al. 2024), AdamW for all other parameters.
---@class basin.optimizer.muon: basin.optimizer
---@field lr number Learning rate of matrices.
---@field momentum number Decay of the mean of a matrix's gradients.
---@field nesterov boolean Looks ahead along the momentum.
---@field iterations integer Steps of Newton and Schulz's iteration.
---@field scale "shape"|"rms" Times the step of a matrix: sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)), whose root mean square is like Adam's (Liu et al. 2025, arXiv 2502.16982).
---@field weight_decay number Decoupled: values shrink by the learning rate times this.
---@field adam_for string Also AdamW for parameters whose names contain one of these, comma-separated: embeddings, the last layer.
---@field adam_lr number Learning rate of the others.
---@field beta1 number AdamW: decay of the mean of gradients.
---@field beta2 number AdamW: decay of the mean of squared gradients.
---@field eps number AdamW: added to the root of the mean of squares.
---@overload fun(options: basin.optimizer.muon.options): basin.optimizer.muon

---@class (exact) basin.optimizer.random_sam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.05. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Gradients found at a random point of SAM's sphere, around any optimizer.
---@class basin.optimizer.random_sam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.random_sam.options): basin.optimizer.random_sam

---@class (exact) basin.optimizer.rmsprop.options
---@field lr? number Learning rate. Default: 0.001. At least 0.
---@field alpha? number Decay of the mean of squared gradients. Default: 0.99. From 0 to 1.
---@field eps? number Added to the root of the mean of squares. Default: 1e-08. At least 0.
---@field momentum? number Decay of the sum of steps. Default: 0. From 0 to 1.
---@field weight_decay? number Times the values, added to the gradients. Default: 0. At least 0.
---@field centered? boolean Divides by the gradients' deviation, not by their size. Default: false.

---RMSprop (Tieleman and Hinton 2012), also centred (Graves 2013, arXiv 1308.0850) and with momentum.
---@class basin.optimizer.rmsprop: basin.optimizer
---@field lr number Learning rate.
---@field alpha number Decay of the mean of squared gradients.
---@field eps number Added to the root of the mean of squares.
---@field momentum number Decay of the sum of steps.
---@field weight_decay number Times the values, added to the gradients.
---@field centered boolean Divides by the gradients' deviation, not by their size.
---@overload fun(options: basin.optimizer.rmsprop.options): basin.optimizer.rmsprop

---@class (exact) basin.optimizer.sam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.05. At least 0.
---@field warmup? integer Steps over which rho grows from 0: a long e then meets a trained network. [steps] Default: 0. At least 0.
---@field adaptive? boolean A ball that scales with the weights (Kwon et al. 2021). Default: false.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2), around any optimizer.
---@class basin.optimizer.sam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field warmup integer Steps over which rho grows from 0: a long e then meets a trained network.
---@field adaptive boolean A ball that scales with the weights (Kwon et al. 2021).
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.sam.options): basin.optimizer.sam

---@class (exact) basin.optimizer.sgd.options
---@field lr? number Learning rate. Default: 0.1. At least 0.
---@field momentum? number Decay of the sum of gradients. Default: 0. From 0 to 1.
---@field weight_decay? number Times the values, added to the gradients. Default: 0. At least 0.
---@field nesterov? boolean Looks ahead along the momentum; needs momentum. Default: false.

---Stochastic gradient descent, with momentum and weight decay.
---@class basin.optimizer.sgd: basin.optimizer
---@field lr number Learning rate.
---@field momentum number Decay of the sum of gradients.
---@field weight_decay number Times the values, added to the gradients.
---@field nesterov boolean Looks ahead along the momentum; needs momentum.
---@overload fun(options: basin.optimizer.sgd.options): basin.optimizer.sgd

---@class (exact) basin.optimizer.wsam.options
---@field rho? number Radius of the ball, over all parameters together. Default: 0.05. At least 0.
---@field gamma? number Weight of the sharpness: gamma / (1 - gamma). Default: 0.9. From 0 to 0.999.
---@field decoupled_lr? number Learning rate of the sharpness by itself, the base's in the paper; 0: through the base. Default: 0. At least 0.
---@field base basin.optimizer The optimizer that takes the step. Required.

---Weighted sharpness-aware minimization (Yue et al. 2023, arXiv 2305.15817), around any optimizer.
---@class basin.optimizer.wsam: basin.optimizer
---@field rho number Radius of the ball, over all parameters together.
---@field gamma number Weight of the sharpness: gamma / (1 - gamma).
---@field decoupled_lr number Learning rate of the sharpness by itself, the base's in the paper; 0: through the base.
---@field base basin.optimizer The optimizer that takes the step.
---@overload fun(options: basin.optimizer.wsam.options): basin.optimizer.wsam

---What changes the weights.
---@param name "adam"
---@param options? basin.optimizer.adam.options
---@return basin.optimizer.adam
---@overload fun(name: "adam_ema", options?: basin.optimizer.adam_ema.options): basin.optimizer.adam_ema
---@overload fun(name: "adamax", options?: basin.optimizer.adamax.options): basin.optimizer.adamax
---@overload fun(name: "adan", options?: basin.optimizer.adan.options): basin.optimizer.adan
---@overload fun(name: "asam", options?: basin.optimizer.asam.options): basin.optimizer.asam
---@overload fun(name: "clip", options?: basin.optimizer.clip.options): basin.optimizer.clip
---@overload fun(name: "esam", options?: basin.optimizer.esam.options): basin.optimizer.esam
---@overload fun(name: "friendly_sam", options?: basin.optimizer.friendly_sam.options): basin.optimizer.friendly_sam
---@overload fun(name: "gsam", options?: basin.optimizer.gsam.options): basin.optimizer.gsam
---@overload fun(name: "lion", options?: basin.optimizer.lion.options): basin.optimizer.lion
---@overload fun(name: "looksam", options?: basin.optimizer.looksam.options): basin.optimizer.looksam
---@overload fun(name: "lpf_sgd", options?: basin.optimizer.lpf_sgd.options): basin.optimizer.lpf_sgd
---@overload fun(name: "lr_schedule", options?: basin.optimizer.lr_schedule.options): basin.optimizer.lr_schedule
---@overload fun(name: "momentum_sam", options?: basin.optimizer.momentum_sam.options): basin.optimizer.momentum_sam
---@overload fun(name: "muon", options?: basin.optimizer.muon.options): basin.optimizer.muon
---@overload fun(name: "random_sam", options?: basin.optimizer.random_sam.options): basin.optimizer.random_sam
---@overload fun(name: "rmsprop", options?: basin.optimizer.rmsprop.options): basin.optimizer.rmsprop
---@overload fun(name: "sam", options?: basin.optimizer.sam.options): basin.optimizer.sam
---@overload fun(name: "sgd", options?: basin.optimizer.sgd.options): basin.optimizer.sgd
---@overload fun(name: "wsam", options?: basin.optimizer.wsam.options): basin.optimizer.wsam
---@overload fun(name: string, code: fun(training: basin.training)): basin.optimizer
function basin.optimizer(name, options) end

---@class (exact) basin.averager.adam_ema.options

---The average that the optimizer adam_ema keeps.
---@class basin.averager.adam_ema: basin.averager
---@overload fun(options: basin.averager.adam_ema.options): basin.averager.adam_ema

---@class (exact) basin.averager.ema.options
---@field decay? number What is kept of the average at each step. Default: 0.9999. From 0 to 1.
---@field warmup? "none"|"count"|"ramp" Forgets the beginning sooner (README). Default: "none".

---Exponential moving average of the weights.
---@class basin.averager.ema: basin.averager
---@field decay number What is kept of the average at each step.
---@field warmup "none"|"count"|"ramp" Forgets the beginning sooner (README).
---@overload fun(options: basin.averager.ema.options): basin.averager.ema

---@class (exact) basin.averager.post_hoc_ema.options
---@field tracked? number[] Widths sigma_rel of the averages that are kept up. Default: { 0.05, 0.1 }. From 0.001 to 0.28.
---@field every? integer Steps between snapshots, each of as many weights as are tracked. [steps] Default: 1000. At least 1.
---@field sigma_rel? number Width of the average that is given. Default: 0.05. From 0.001 to 0.28.
---@field gamma? number Its exponent in place of the width; 0: by sigma_rel. Default: 0. At least 0.

---Post-hoc EMA (Karras et al. 2024, arXiv 2312.02696): averages whose length is chosen after the training.
---@class basin.averager.post_hoc_ema: basin.averager
---@field tracked number[] Widths sigma_rel of the averages that are kept up.
---@field every integer Steps between snapshots, each of as many weights as are tracked.
---@field sigma_rel number Width of the average that is given.
---@field gamma number Its exponent in place of the width; 0: by sigma_rel.
---@overload fun(options: basin.averager.post_hoc_ema.options): basin.averager.post_hoc_ema

---@class (exact) basin.averager.swa.options
---@field start? integer The first snapshot is `every` steps after this one. [steps] Default: 0. At least 0.
---@field every? integer Steps between snapshots. [steps] Default: 100. At least 1.

---Stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407).
---@class basin.averager.swa: basin.averager
---@field start integer The first snapshot is `every` steps after this one.
---@field every integer Steps between snapshots.
---@overload fun(options: basin.averager.swa.options): basin.averager.swa

---@class (exact) basin.averager.swad.options
---@field every? integer Steps between validation losses. [steps] Default: 100. At least 1.
---@field converge? integer Losses in a row of which the first is the least: it begins there. Default: 3. From 1 to 100.
---@field overfit? integer Losses in a row above the tolerance: it ended before them. Default: 6. From 1 to 100.
---@field tolerance? number Times the mean of the losses that it began with. Default: 1.3. At least 1.

---SWAD: averaging between two signs of the validation loss (Cha et al. 2021, arXiv 2102.08604).
---@class basin.averager.swad: basin.averager
---@field every integer Steps between validation losses.
---@field converge integer Losses in a row of which the first is the least: it begins there.
---@field overfit integer Losses in a row above the tolerance: it ended before them.
---@field tolerance number Times the mean of the losses that it began with.
---@overload fun(options: basin.averager.swad.options): basin.averager.swad

---@class (exact) basin.averager.switch_ema.options
---@field decay? number What is kept of the average at each step. Default: 0.999. From 0 to 1.
---@field every? integer Steps from one switch to the next; the paper's epoch. [steps] Default: 1000. At least 1.

---Switch EMA (Li et al. 2024, arXiv 2402.09240): an average that the training goes on from now and then.
---@class basin.averager.switch_ema: basin.averager
---@field decay number What is kept of the average at each step.
---@field every integer Steps from one switch to the next; the paper's epoch.
---@overload fun(options: basin.averager.switch_ema.options): basin.averager.switch_ema

---An average of weights over a training.
---@param name "adam_ema"
---@param options? basin.averager.adam_ema.options
---@return basin.averager.adam_ema
---@overload fun(name: "ema", options?: basin.averager.ema.options): basin.averager.ema
---@overload fun(name: "post_hoc_ema", options?: basin.averager.post_hoc_ema.options): basin.averager.post_hoc_ema
---@overload fun(name: "swa", options?: basin.averager.swa.options): basin.averager.swa
---@overload fun(name: "swad", options?: basin.averager.swad.options): basin.averager.swad
---@overload fun(name: "switch_ema", options?: basin.averager.switch_ema.options): basin.averager.switch_ema
function basin.averager(name, options) end

---@class (exact) basin.sampler.adversarial.options
---@field radius? number Of the ball, in L2 norm over one image's noise. Default: 1. At least 0.
---@field iterations? integer Steps of the ascent; 0: a random direction, no attack. Default: 10. At least 0.
---@field base basin.sampler The sampler that goes on from there. Required.

---An attack on the noise that any sampler starts from, within an L2 ball.
---@class basin.sampler.adversarial: basin.sampler
---@field radius number Of the ball, in L2 norm over one image's noise.
---@field iterations integer Steps of the ascent; 0: a random direction, no attack.
---@field base basin.sampler The sampler that goes on from there.
---@overload fun(options: basin.sampler.adversarial.options): basin.sampler.adversarial

---@class (exact) basin.sampler.ddim.options
---@field steps? integer Steps; 0: all of the process's. [steps] Default: 50. At least 0.
---@field eta? number Noise: 0 deterministic, 1 as DDPM. Default: 0. From 0 to 1.
---@field spacing? "even"|"stride" Which levels: every i-th from 0, or evenly spread with both ends. Default: "stride".
---@field clip? boolean Clips the estimate of x0 to [-1, 1] in each step. Default: true.

---DDIM (Song et al. 2020, arXiv 2010.02502).
---@class basin.sampler.ddim: basin.sampler
---@field steps integer Steps; 0: all of the process's.
---@field eta number Noise: 0 deterministic, 1 as DDPM.
---@field spacing "even"|"stride" Which levels: every i-th from 0, or evenly spread with both ends.
---@field clip boolean Clips the estimate of x0 to [-1, 1] in each step.
---@overload fun(options: basin.sampler.ddim.options): basin.sampler.ddim

---@class (exact) basin.sampler.ddpm.options
---@field steps? integer Steps; 0: all of the process's. [steps] Default: 100. At least 0.
---@field spacing? "even"|"stride" Which levels: evenly spread with both ends, or every i-th from 0. Default: "even".
---@field variance? "small"|"large" Where the model learns none: beta~ or beta. Default: "small".
---@field clip? boolean Clips the estimate of x0 to [-1, 1] in each step. Default: true.

---Ancestral sampling (Ho et al. 2020, arXiv 2006.11239), also with fewer steps.
---@class basin.sampler.ddpm: basin.sampler
---@field steps integer Steps; 0: all of the process's.
---@field spacing "even"|"stride" Which levels: evenly spread with both ends, or every i-th from 0.
---@field variance "small"|"large" Where the model learns none: beta~ or beta.
---@field clip boolean Clips the estimate of x0 to [-1, 1] in each step.
---@overload fun(options: basin.sampler.ddpm.options): basin.sampler.ddpm

---@class (exact) basin.sampler.epsilon_scaling.options
---@field scale? number lambda: what the predicted noise is divided by. Default: 1.005. From 0.5 to 2.
---@field base basin.sampler The sampler that takes the steps. Required.

---Epsilon scaling against exposure bias (Ning et al. 2024), around any sampler.
---@class basin.sampler.epsilon_scaling: basin.sampler
---@field scale number lambda: what the predicted noise is divided by.
---@field base basin.sampler The sampler that takes the steps.
---@overload fun(options: basin.sampler.epsilon_scaling.options): basin.sampler.epsilon_scaling

---@class (exact) basin.sampler.time_shift.options
---@field window? integer Levels that are looked at, half to each side; 0: none. [steps] Default: 40. At least 0.
---@field cutoff? integer Below this level nothing is shifted. [steps] Default: 200. At least 0.
---@field base basin.sampler The sampler that takes the steps. Required.

---Time-shifted sampling against exposure bias (Li et al. 2024), around any sampler.
---@class basin.sampler.time_shift: basin.sampler
---@field window integer Levels that are looked at, half to each side; 0: none.
---@field cutoff integer Below this level nothing is shifted.
---@field base basin.sampler The sampler that takes the steps.
---@overload fun(options: basin.sampler.time_shift.options): basin.sampler.time_shift

---From noise to images.
---@param name "adversarial"
---@param options? basin.sampler.adversarial.options
---@return basin.sampler.adversarial
---@overload fun(name: "ddim", options?: basin.sampler.ddim.options): basin.sampler.ddim
---@overload fun(name: "ddpm", options?: basin.sampler.ddpm.options): basin.sampler.ddpm
---@overload fun(name: "epsilon_scaling", options?: basin.sampler.epsilon_scaling.options): basin.sampler.epsilon_scaling
---@overload fun(name: "time_shift", options?: basin.sampler.time_shift.options): basin.sampler.time_shift
---@overload fun(name: string, code: fun(sampling: basin.sampling): basin.tensor): basin.sampler
function basin.sampler(name, options) end

---@class (exact) basin.noise_schedule.loss_second_moment.options
---@field history? integer Losses remembered of each level. Default: 10. At least 1.
---@field uniform_prob? number Part of the uniform distribution in the mixture. Default: 0.001. From 0 to 1.

---Noise levels by their losses' second moment (Nichol and Dhariwal 2021, arXiv 2102.09672, section 3.3).
---@class basin.noise_schedule.loss_second_moment: basin.noise_schedule
---@field history integer Losses remembered of each level.
---@field uniform_prob number Part of the uniform distribution in the mixture.
---@overload fun(options: basin.noise_schedule.loss_second_moment.options): basin.noise_schedule.loss_second_moment

---@class (exact) basin.noise_schedule.uniform.options
---@field from? integer The first level that is drawn. Default: 0. At least 0.
---@field to? integer The level before which it ends; 0: after the last. Default: 0. At least 0.

---Every noise level as often as every other (Ho et al. 2020, arXiv 2006.11239).
---@class basin.noise_schedule.uniform: basin.noise_schedule
---@field from integer The first level that is drawn.
---@field to integer The level before which it ends; 0: after the last.
---@overload fun(options: basin.noise_schedule.uniform.options): basin.noise_schedule.uniform

---Which noise levels a training batch draws.
---@param name "loss_second_moment"
---@param options? basin.noise_schedule.loss_second_moment.options
---@return basin.noise_schedule.loss_second_moment
---@overload fun(name: "uniform", options?: basin.noise_schedule.uniform.options): basin.noise_schedule.uniform
function basin.noise_schedule(name, options) end

---@class (exact) basin.quantizer.uniform.options
---@field bits? integer Bits of a weight. [bits] Default: 8. From 2 to 8.
---@field scheme? "symmetric"|"affine" Levels around 0, or between the smallest and the largest value. Default: "symmetric".
---@field granularity? "channel"|"tensor" One scale for each output channel, or for the whole weight. Default: "channel".
---@field clip? number Values are clipped to [-clip, clip], which is the range of every scale; 0: the range of the values. Default: 0. From 0 to 1e+30.
---@field which? "weights"|"all" Weights of linear and convolution layers, or every parameter: norms, embeddings and biases, too. Default: "weights".

---Weights rounded to 2 to 8 bits, evenly spaced, after training.
---@class basin.quantizer.uniform: basin.quantizer
---@field bits integer Bits of a weight.
---@field scheme "symmetric"|"affine" Levels around 0, or between the smallest and the largest value.
---@field granularity "channel"|"tensor" One scale for each output channel, or for the whole weight.
---@field clip number Values are clipped to [-clip, clip], which is the range of every scale; 0: the range of the values.
---@field which "weights"|"all" Weights of linear and convolution layers, or every parameter: norms, embeddings and biases, too.
---@overload fun(options: basin.quantizer.uniform.options): basin.quantizer.uniform

---Fewer bits for weights.
---@param name "uniform"
---@param options? basin.quantizer.uniform.options
---@return basin.quantizer.uniform
function basin.quantizer(name, options) end

---@class (exact) basin.metric.diversity.options
---@field features basin.model The features whose squared distance counts: the model lpips_features, or any extractor. Required.
---@field batch? integer Images handled at once. [images] Default: 16. At least 1.
---@field groups? integer Groups of the jackknife behind the interval; 0: no interval. Default: 20. At least 0.

---Mean squared distance in features between the images of a set; with lpips_features, their mean LPIPS.
---@class basin.metric.diversity: basin.metric
---@field features basin.model The features whose squared distance counts: the model lpips_features, or any extractor.
---@field batch integer Images handled at once.
---@field groups integer Groups of the jackknife behind the interval; 0: no interval.
---@overload fun(options: basin.metric.diversity.options): basin.metric.diversity

---@class (exact) basin.metric.exposure_bias.options
---@field sampler basin.sampler Whose steps are watched. Required.
---@field images? integer Sampled, and noised of the data set. [images] Default: 256. At least 2.
---@field batch? integer Images handled at once. [images] Default: 64. At least 1.

---How far the predicted noise grows while sampling: its norm against training's.
---@class basin.metric.exposure_bias: basin.metric
---@field sampler basin.sampler Whose steps are watched.
---@field images integer Sampled, and noised of the data set.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.exposure_bias.options): basin.metric.exposure_bias

---@class (exact) basin.metric.feature_statistics.options
---@field features basin.model The feature extractor: a model without time, such as small_features. Required.
---@field spatial? basin.model Of these features as well, as guided-diffusion keeps them for sFID: inception_v3 { layer = "spatial" }.
---@field to? string The .npz file that is written; empty: none.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Writes mean and covariance of a data set's features, for the metric fid.
---@class basin.metric.feature_statistics: basin.metric
---@field features basin.model The feature extractor: a model without time, such as small_features.
---@field spatial basin.model Of these features as well, as guided-diffusion keeps them for sFID: inception_v3 { layer = "spatial" }.
---@field to string The .npz file that is written; empty: none.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.feature_statistics.options): basin.metric.feature_statistics

---@class (exact) basin.metric.fid.options
---@field features basin.model The feature extractor: a model without time, such as small_features. Required.
---@field statistics? string Instead of a data set its mean and covariance: a .npz file of feature_statistics, pytorch-fid, EDM, clean-fid or guided-diffusion.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.
---@field groups? integer Groups of the jackknife behind the interval; 0: no interval. Default: 20. At least 0.
---@field points? integer Numbers of images, between a quarter and all, from whose distances the one of infinitely many is extrapolated; 0: it is not. Default: 0. At least 0.

---Frechet distance between images and a data set, in the features of an extractor.
---@class basin.metric.fid: basin.metric
---@field features basin.model The feature extractor: a model without time, such as small_features.
---@field statistics string Instead of a data set its mean and covariance: a .npz file of feature_statistics, pytorch-fid, EDM, clean-fid or guided-diffusion.
---@field batch integer Images handled at once.
---@field groups integer Groups of the jackknife behind the interval; 0: no interval.
---@field points integer Numbers of images, between a quarter and all, from whose distances the one of infinitely many is extrapolated; 0: it is not.
---@overload fun(options: basin.metric.fid.options): basin.metric.fid

---@class (exact) basin.metric.gaussian_kl.options
---@field features? basin.model The feature extractor; without one, the pixels.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.
---@field groups? integer Groups of the jackknife behind the interval; 0: no interval. Default: 20. At least 0.

---Divergence of the data from the images, both as Gaussians in features.
---@class basin.metric.gaussian_kl: basin.metric
---@field features basin.model The feature extractor; without one, the pixels.
---@field batch integer Images handled at once.
---@field groups integer Groups of the jackknife behind the interval; 0: no interval.
---@overload fun(options: basin.metric.gaussian_kl.options): basin.metric.gaussian_kl

---@class (exact) basin.metric.hessian.options
---@field top? integer How many of the largest eigenvalues. Default: 3. At least 1.
---@field images? integer Images of the data set, spread over all of it. [images] Default: 64. At least 2.
---@field bands? integer Bands of noise levels for the curves by level; 0: no curves. Default: 4. At least 0.
---@field iterations? integer Products for the largest eigenvalues, at most; as many directions are held. Default: 30. At least 1.
---@field tolerance? number Their error bound at which it ends, as a share of the largest. Default: 0.001. At least 0.
---@field probes? integer Random directions for trace and density. Default: 8. At least 1.
---@field density? integer Products for the density from each probe; 1: no density. Default: 10. At least 1.
---@field width? number Standard deviation of the density's bumps, as a share of its range. Default: 0.01. From 1e-06 to 1.

---Curvature: the Hessian's largest eigenvalues, trace and spectral density.
---@class basin.metric.hessian: basin.metric
---@field top integer How many of the largest eigenvalues.
---@field images integer Images of the data set, spread over all of it.
---@field bands integer Bands of noise levels for the curves by level; 0: no curves.
---@field iterations integer Products for the largest eigenvalues, at most; as many directions are held.
---@field tolerance number Their error bound at which it ends, as a share of the largest.
---@field probes integer Random directions for trace and density.
---@field density integer Products for the density from each probe; 1: no density.
---@field width number Standard deviation of the density's bumps, as a share of its range.
---@overload fun(options: basin.metric.hessian.options): basin.metric.hessian

---@class (exact) basin.metric.inception_score.options
---@field features basin.model The classifier, whose features are logits: inception_v3 or small_features with layer = "logits". Required.
---@field splits? integer Parts of the images, each with a score. Default: 10. At least 1.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---How sure a classifier is of each image, and how varied its answers are.
---@class basin.metric.inception_score: basin.metric
---@field features basin.model The classifier, whose features are logits: inception_v3 or small_features with layer = "logits".
---@field splits integer Parts of the images, each with a score.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.inception_score.options): basin.metric.inception_score

---@class (exact) basin.metric.kid.options
---@field features basin.model The feature extractor: a model without time, such as small_features. Required.
---@field subsets? integer How many subsets. Default: 100. At least 2.
---@field subset_size? integer Images in each; at most half of those that there are. [images] Default: 1000. At least 2.
---@field limit? integer Of each side at most so many images, spread evenly over it; 0: all. [images] Default: 0. At least 0.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Kernel distance between images and a data set: unbiased, so it suits few images.
---@class basin.metric.kid: basin.metric
---@field features basin.model The feature extractor: a model without time, such as small_features.
---@field subsets integer How many subsets.
---@field subset_size integer Images in each; at most half of those that there are.
---@field limit integer Of each side at most so many images, spread evenly over it; 0: all.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.kid.options): basin.metric.kid

---@class (exact) basin.metric.lipschitz.options
---@field radius? number How far the image is moved, in L2 norm. Default: 0.5. At least 0.001.
---@field images? integer Images of the data set, spread over all of it. [images] Default: 32. At least 2.
---@field iterations? integer Of the power method. Default: 8. At least 1.
---@field levels? number[] Noise levels t, ascending; empty: nine, spread over the process. At least 0.

---Local Lipschitz constant of the predicted noise in the noisy image.
---@class basin.metric.lipschitz: basin.metric
---@field radius number How far the image is moved, in L2 norm.
---@field images integer Images of the data set, spread over all of it.
---@field iterations integer Of the power method.
---@field levels number[] Noise levels t, ascending; empty: nine, spread over the process.
---@overload fun(options: basin.metric.lipschitz.options): basin.metric.lipschitz

---@class (exact) basin.metric.loss_along.options
---@field along? "all"|"random"|"filter_normalised"|"gradient"|"hessian" Along which directions. Default: "all".
---@field radii? number[] L2 norms of the perturbation over all parameters, ascending; in which unit, `norm` says. Default: { 0.002, 0.005, 0.01, 0.02, 0.05, 0.1 }. At least 0.
---@field norm? "relative"|"absolute" Radii as a share of the weights' own norm, or as they are. Default: "relative".
---@field draws? integer How many random directions of either kind. Default: 5. At least 1.
---@field images? integer Images of the data set, spread over all of it. [images] Default: 128. At least 2.
---@field bands? integer Bands of noise levels for the grids by level; 0: no grids. Default: 4. At least 0.
---@field iterations? integer Hessian-vector products for the top direction, at most. Default: 20. At least 1.

---The loss against the norm of a perturbation of the weights, along directions.
---@class basin.metric.loss_along: basin.metric
---@field along "all"|"random"|"filter_normalised"|"gradient"|"hessian" Along which directions.
---@field radii number[] L2 norms of the perturbation over all parameters, ascending; in which unit, `norm` says.
---@field norm "relative"|"absolute" Radii as a share of the weights' own norm, or as they are.
---@field draws integer How many random directions of either kind.
---@field images integer Images of the data set, spread over all of it.
---@field bands integer Bands of noise levels for the grids by level; 0: no grids.
---@field iterations integer Hessian-vector products for the top direction, at most.
---@overload fun(options: basin.metric.loss_along.options): basin.metric.loss_along

---@class (exact) basin.metric.loss_surface.options
---@field directions? "filter_normalised"|"hessian" What spans the plane: random directions scaled by filter, or the Hessian's top two eigenvectors. Default: "filter_normalised".
---@field range? number How far each axis reaches to both sides, as a share of the weights. Default: 0.1. At least 0.
---@field points? integer Points along each axis; odd, so that the model is one. Default: 11. From 3 to 201.
---@field images? integer Images of the data set, spread over all of it. [images] Default: 64. At least 2.
---@field bands? integer Bands of noise levels with a grid of their own; 0: none. Default: 4. At least 0.
---@field iterations? integer Hessian-vector products for its eigenvectors, at most. Default: 30. At least 2.
---@field draw? integer Which pair of random directions. Default: 0. At least 0.

---The loss over a plane through the model among its weights, as grids.
---@class basin.metric.loss_surface: basin.metric
---@field directions "filter_normalised"|"hessian" What spans the plane: random directions scaled by filter, or the Hessian's top two eigenvectors.
---@field range number How far each axis reaches to both sides, as a share of the weights.
---@field points integer Points along each axis; odd, so that the model is one.
---@field images integer Images of the data set, spread over all of it.
---@field bands integer Bands of noise levels with a grid of their own; 0: none.
---@field iterations integer Hessian-vector products for its eigenvectors, at most.
---@field draw integer Which pair of random directions.
---@overload fun(options: basin.metric.loss_surface.options): basin.metric.loss_surface

---@class (exact) basin.metric.lpf.options
---@field sigma? number Standard deviation of the noise on the weights. Default: 0.01. At least 0.
---@field draws? integer How many perturbed models. Default: 8. At least 1.
---@field images? integer Images of the data set, spread over all of it. [images] Default: 128. At least 2.
---@field mode? "plain"|"filter_wise"|"both" The same noise on every weight, scaled by the norm of each filter, or one after the other. Default: "plain".
---@field bands? integer Bands of noise levels for the curves by level; 0: no curves. Default: 8. At least 0.

---Flatness: the mean loss under normal noise on the weights (low-pass filter).
---@class basin.metric.lpf: basin.metric
---@field sigma number Standard deviation of the noise on the weights.
---@field draws integer How many perturbed models.
---@field images integer Images of the data set, spread over all of it.
---@field mode "plain"|"filter_wise"|"both" The same noise on every weight, scaled by the norm of each filter, or one after the other.
---@field bands integer Bands of noise levels for the curves by level; 0: no curves.
---@overload fun(options: basin.metric.lpf.options): basin.metric.lpf

---@class (exact) basin.metric.lpips.options
---@field features basin.model The features whose squared distance counts: the model lpips_features. Required.
---@field batch? integer Images handled at once. [images] Default: 16. At least 1.

---Perceptual distance between images and others, pair by pair.
---@class basin.metric.lpips: basin.metric
---@field features basin.model The features whose squared distance counts: the model lpips_features.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.lpips.options): basin.metric.lpips

---@class (exact) basin.metric.mmd.options
---@field features? basin.model The feature extractor; without one, the pixels.
---@field bandwidth? number s of the kernel; 0: the median distance. Default: 0. At least 0.
---@field limit? integer Of each side at most so many, spread evenly over it; 0: all. [images] Default: 5000. At least 0.
---@field groups? integer Groups of the jackknife behind the interval; 0: no interval. Default: 20. At least 0.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Squared maximum mean discrepancy with a Gaussian kernel, unbiased, of features or pixels.
---@class basin.metric.mmd: basin.metric
---@field features basin.model The feature extractor; without one, the pixels.
---@field bandwidth number s of the kernel; 0: the median distance.
---@field limit integer Of each side at most so many, spread evenly over it; 0: all.
---@field groups integer Groups of the jackknife behind the interval; 0: no interval.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.mmd.options): basin.metric.mmd

---@class (exact) basin.metric.ms_ssim.options
---@field window? integer Side of the window; less where the image is smaller. [pixels] Default: 11. At least 1.
---@field scales? integer How many, each half of the one before; 0: as many as the window fits, up to 5. Default: 0. From 0 to 5.
---@field batch? integer Images handled at once. [images] Default: 32. At least 1.

---Structural similarity at several scales, pair by pair.
---@class basin.metric.ms_ssim: basin.metric
---@field window integer Side of the window; less where the image is smaller.
---@field scales integer How many, each half of the one before; 0: as many as the window fits, up to 5.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.ms_ssim.options): basin.metric.ms_ssim

---@class (exact) basin.metric.nearest_neighbours.options
---@field features? basin.model The feature extractor; without one, the pixels.
---@field limit? integer Of the data at most so many, spread evenly over it; 0: all. [images] Default: 0. At least 0.
---@field bins? integer Of the histogram. Default: 20. At least 1.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---The item of the data nearest to each image, and how far it is, in features.
---@class basin.metric.nearest_neighbours: basin.metric
---@field features basin.model The feature extractor; without one, the pixels.
---@field limit integer Of the data at most so many, spread evenly over it; 0: all.
---@field bins integer Of the histogram.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.nearest_neighbours.options): basin.metric.nearest_neighbours

---@class (exact) basin.metric.optimal_loss.options
---@field items? integer Items that count as the data, from the first on; 0: all. Default: 0. At least 0.
---@field queries? integer Noisy images at each level. [images] Default: 256. At least 2.
---@field levels? number[] Noise levels t, ascending; empty: nine, spread over the process. At least 0.
---@field batch? integer Images the model sees at once. [images] Default: 64. At least 1.

---The gap between a model's loss and the least loss possible on the data, by noise level.
---@class basin.metric.optimal_loss: basin.metric
---@field items integer Items that count as the data, from the first on; 0: all.
---@field queries integer Noisy images at each level.
---@field levels number[] Noise levels t, ascending; empty: nine, spread over the process.
---@field batch integer Images the model sees at once.
---@overload fun(options: basin.metric.optimal_loss.options): basin.metric.optimal_loss

---@class (exact) basin.metric.precision_recall.options
---@field features basin.model The feature extractor: a model without time, such as small_features. Required.
---@field k? integer Which neighbour a ball reaches to. Default: 3. At least 1.
---@field limit? integer Of the data at most so many, spread evenly over it; 0: all. [images] Default: 10000. At least 0.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Precision, recall, density and coverage by nearest neighbours in features.
---@class basin.metric.precision_recall: basin.metric
---@field features basin.model The feature extractor: a model without time, such as small_features.
---@field k integer Which neighbour a ball reaches to.
---@field limit integer Of the data at most so many, spread evenly over it; 0: all.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.precision_recall.options): basin.metric.precision_recall

---@class (exact) basin.metric.psnr.options
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Peak signal-to-noise ratio between images and others, pair by pair.
---@class basin.metric.psnr: basin.metric
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.psnr.options): basin.metric.psnr

---@class (exact) basin.metric.sliced_wasserstein.options
---@field features? basin.model The feature extractor; without one, the pixels.
---@field directions? integer Random directions. Default: 128. At least 2.
---@field order? number p: the cost of moving by d is d^p. Default: 2. At least 1.
---@field batch? integer Images handled at once. [images] Default: 128. At least 1.

---Wasserstein distance along random directions, of pixels or of features.
---@class basin.metric.sliced_wasserstein: basin.metric
---@field features basin.model The feature extractor; without one, the pixels.
---@field directions integer Random directions.
---@field order number p: the cost of moving by d is d^p.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.sliced_wasserstein.options): basin.metric.sliced_wasserstein

---@class (exact) basin.metric.ssim.options
---@field window? integer Side of the window; less where the image is smaller. [pixels] Default: 11. At least 1.
---@field batch? integer Images handled at once. [images] Default: 32. At least 1.

---Structural similarity between images and others, pair by pair.
---@class basin.metric.ssim: basin.metric
---@field window integer Side of the window; less where the image is smaller.
---@field batch integer Images handled at once.
---@overload fun(options: basin.metric.ssim.options): basin.metric.ssim

---A measurement of images, of a model, or of data.
---@param name "diversity"
---@param options? basin.metric.diversity.options
---@return basin.metric.diversity
---@overload fun(name: "exposure_bias", options?: basin.metric.exposure_bias.options): basin.metric.exposure_bias
---@overload fun(name: "feature_statistics", options?: basin.metric.feature_statistics.options): basin.metric.feature_statistics
---@overload fun(name: "fid", options?: basin.metric.fid.options): basin.metric.fid
---@overload fun(name: "gaussian_kl", options?: basin.metric.gaussian_kl.options): basin.metric.gaussian_kl
---@overload fun(name: "hessian", options?: basin.metric.hessian.options): basin.metric.hessian
---@overload fun(name: "inception_score", options?: basin.metric.inception_score.options): basin.metric.inception_score
---@overload fun(name: "kid", options?: basin.metric.kid.options): basin.metric.kid
---@overload fun(name: "lipschitz", options?: basin.metric.lipschitz.options): basin.metric.lipschitz
---@overload fun(name: "loss_along", options?: basin.metric.loss_along.options): basin.metric.loss_along
---@overload fun(name: "loss_surface", options?: basin.metric.loss_surface.options): basin.metric.loss_surface
---@overload fun(name: "lpf", options?: basin.metric.lpf.options): basin.metric.lpf
---@overload fun(name: "lpips", options?: basin.metric.lpips.options): basin.metric.lpips
---@overload fun(name: "mmd", options?: basin.metric.mmd.options): basin.metric.mmd
---@overload fun(name: "ms_ssim", options?: basin.metric.ms_ssim.options): basin.metric.ms_ssim
---@overload fun(name: "nearest_neighbours", options?: basin.metric.nearest_neighbours.options): basin.metric.nearest_neighbours
---@overload fun(name: "optimal_loss", options?: basin.metric.optimal_loss.options): basin.metric.optimal_loss
---@overload fun(name: "precision_recall", options?: basin.metric.precision_recall.options): basin.metric.precision_recall
---@overload fun(name: "psnr", options?: basin.metric.psnr.options): basin.metric.psnr
---@overload fun(name: "sliced_wasserstein", options?: basin.metric.sliced_wasserstein.options): basin.metric.sliced_wasserstein
---@overload fun(name: "ssim", options?: basin.metric.ssim.options): basin.metric.ssim
---@overload fun(name: string, code: fun(measurement: basin.measurement): number|basin.tensor|table): basin.metric
function basin.metric(name, options) end

---@class (exact) basin.process.vp.options
---@field schedule? "linear"|"cosine" linear: Ho et al. 2020, section 4; cosine: Nichol and Dhariwal 2021, eq. 17. Default: "cosine".
---@field steps? integer Time steps T. [steps] Default: 1000. At least 1.

---Variance preserving: x_t = alpha x0 + sigma noise with alpha^2 + sigma^2 = 1.
---@class basin.process.vp: basin.process
---@field schedule "linear"|"cosine" linear: Ho et al. 2020, section 4; cosine: Nichol and Dhariwal 2021, eq. 17.
---@field steps integer Time steps T.
---@overload fun(options: basin.process.vp.options): basin.process.vp

---The forward process: how noise is added, and the time steps.
---@param name "vp"
---@param options? basin.process.vp.options
---@return basin.process.vp
function basin.process(name, options) end

---A tensor of the numbers in nested lists, or a copy of a tensor.
---```lua
---basin.tensor { { 1, 2 }, { 3, 4 } }
---```
---(since 0.1)
---@param values number|boolean|any[]|basin.tensor A number, a list, a list of lists, ... Required.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32"; of booleans "bool".
---@return basin.tensor
function basin.tensor(values, dtype) end

---A tensor of zeros.
---```lua
---basin.zeros { 2, 3 }
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.zeros(sizes, dtype) end

---A tensor of ones.
---```lua
---basin.ones { 2, 3 }
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.ones(sizes, dtype) end

---A tensor of one number.
---```lua
---basin.full({ 2, 3 }, 0.5)
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param value number The number. Required.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.full(sizes, value, dtype) end

---The identity matrix.
---```lua
---basin.eye(3)
---```
---(since 0.1)
---@param n integer Rows and columns. Required. At least 0.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.eye(n, dtype) end

---Numbers from `first` to `last`, with both ends, as Lua's for counts.
---```lua
---basin.range(1, 10)
---```
---(since 0.1)
---@param first number The first. Required.
---@param last number Not above. Required.
---@param step? number The step. Default: 1.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.range(first, last, step, dtype) end

---`count` numbers in equal steps from `first` to `last`.
---```lua
---basin.linspace(0, 1, 5)
---```
---(since 0.1)
---@param first number The first. Required.
---@param last number The last. Required.
---@param count integer How many. Required. At least 0.
---@param dtype? "float32"|"float64"|"int64"|"int32"|"uint8"|"bool"|"bfloat16" The type of its elements. Default: "float32".
---@return basin.tensor
function basin.linspace(first, last, count, dtype) end

---Standard normal numbers, a function of seed and sizes alone.
---```lua
---basin.randn({ 2, 3 }, 7)
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param seed? integer Another seed, other numbers. Default: 0.
---@param dtype? "float32"|"float64"|"bfloat16" The type of its elements; drawn in float32. Default: "float32".
---@return basin.tensor
function basin.randn(sizes, seed, dtype) end

---Numbers uniform in (0, 1), a function of seed and sizes alone.
---```lua
---basin.rand({ 2, 3 }, 7)
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param seed? integer Another seed, other numbers. Default: 0.
---@param dtype? "float32"|"float64"|"bfloat16" The type of its elements; drawn in float32. Default: "float32".
---@return basin.tensor
function basin.rand(sizes, seed, dtype) end

---Integers, each as likely, from `first` to `last`, with both.
---```lua
---basin.randint({ 2, 3 }, 1, 6)
---```
---(since 0.1)
---@param sizes integer[] Its sizes. Required.
---@param first integer The smallest. Required.
---@param last integer The largest. Required.
---@param seed? integer Another seed, other numbers. Default: 0.
---@return basin.tensor
function basin.randint(sizes, first, last, seed) end

---The integers from 1 to `n` in random order, to pick rows by: t[basin.permutation(#t)].
---```lua
---basin.permutation(10)
---```
---(since 0.1)
---@param n integer How many. Required. At least 0.
---@param seed? integer Another seed, other numbers. Default: 0.
---@return basin.tensor
function basin.permutation(n, seed) end

---Tensors one after the other along a dimension they have.
---```lua
---basin.cat({ t, t }, 2)
---```
---(since 0.1)
---@param tensors basin.tensor[] All alike but in that dimension. Required.
---@param dim? integer Which. Default: 1.
---@return basin.tensor
function basin.cat(tensors, dim) end

---Tensors of one shape along a new dimension.
---```lua
---basin.stack { t, t }
---```
---(since 0.1)
---@param tensors basin.tensor[] All alike. Required.
---@param dim? integer Where the new one stands. Default: 1.
---@return basin.tensor
function basin.stack(tensors, dim) end

---Writes tensors to a file, each under its name.
---```lua
---basin.save("noise.safetensors", { noise = basin.randn { 2, 3 } })
---```
---(since 0.1)
---@param path string The file, safetensors. Required.
---@param tensors table<string, basin.tensor> By name. Required.
function basin.save(path, tensors) end

---The tensors of a file, by name: of basin.save, of a checkpoint, or of Python.
---```lua
---basin.save("t.safetensors", { t = t }); print(basin.load("t.safetensors").t)
---```
---(since 0.1)
---@param path string The file, safetensors. Required.
---@return table<string, basin.tensor>
function basin.load(path) end

---All combinations of some values, one point each; the last name in the alphabet goes round fastest. With --task k/n this process has every n-th point.
---```lua
---for point in basin.sweep { rho = { 0.01, 0.1 }, bits = { 8, 4 } } do
---  point.product = point.rho * point.bits
---end
---```
---(since 0.1)
---@param grid table Lists of values by name. Required.
---@param body? fun(point: table): table|nil Called with every point; what it returns are columns. A point where it fails is noted, and the others go on.
---@return basin.sweep
function basin.sweep(grid, body) end

---@class (exact) basin.run.options
---@field name string Of the folder: letters, digits, '-', '_' and '.'. Required.
---@field seed? integer Of weights, data order, noise and dropout. Default: 0. At least 0.
---@field device? string auto, cpu, cuda or cuda:N. Default: "auto".
---@field precision? "fp32"|"bf16" bf16: inside layers, over fp32 parameters. Default: "fp32".

---An experiment; its folder in runs/ is opened by the first train or sample.
---```lua
---local run = basin.run { name = "first", seed = 0, precision = "bf16" }
---```
---(since 0.1)
---@param options basin.run.options|string
---@return basin.run
function basin.run(options) end

---@class (exact) basin.report.options
---@field runs any[] Runs of this script, or the numbers, names or folders of others. Required.
---@field path? string The file. Default: report.html in the run's folder; of several, in the folder of runs.
---@field title? string The page's. Default: the runs' names.

---Writes tables, curves, sample grids and scripts of runs as one HTML file; each run gets one of its own too.
---```lua
---print(basin.report { runs = { run } })
---```
---(since 0.1)
---@param options basin.report.options
---@return string
function basin.report(options) end

---The mean of numbers, one for each seed, with its 95 % interval of Student's t; of one number without one.
---```lua
---print(basin.estimate { 4.2, 3.9, 4.4 })
---```
---(since 0.1)
---@param values any[] Numbers or results; those of differences seed by seed, where two rows are compared. Required.
---@return basin.estimate
function basin.estimate(values) end

---@class (exact) basin.table.options
---@field columns string[] Their names. Required.
---@field rows any[] Each a list of cells, or a table by column name; a cell is text, a number, a result, or { value =, low =, high = }. Required.

---Rows under columns as text that lines up; results stand with their intervals.
---```lua
---print(basin.table { columns = { "rho", "FID" }, rows = { { 0.1, 12.5 } } })
---```
---(since 0.1)
---@param options basin.table.options
---@return string
function basin.table(options) end

---Loads a plugin's file as it is now: new objects use it, living ones keep the code they began with.
---```lua
---basin.plugins.reload "lion"
---```
---(since 0.1)
---@param name string The plugin's name, or the path of a file, which then goes before all others; outside the plugin folders it needs --trust. Required.
---@return { name: string, version: string, file: string, summary: string, components: any[] }
function basin.plugins.reload(name) end

---All plugins that were found, each with its components; first what the program itself brings.
---@class basin.plugins
---@overload fun(): { name: string, version: string, file: string, summary: string, components: any[] }[]
basin.plugins = {}

---Says what something is; also the global function help.
---```lua
---help(basin.run)
---```
---(since 0.1)
---@param what? any A function, a component, a value, or a name: help "sam". Default: the overview.
function basin.help(what) end

---Lists the variables of the prompt; also the global function who.
---```lua
---who()
---```
---(since 0.1)
function basin.who() end

---What something is: help(x), or ?x at the prompt.
---@param what? any
function help(what) end

return basin
