-- Linear algebra on tensors: its gradients, its types, and what it refuses. Its numbers against NumPy's are in numpy.lua.
local basin = require "basin"
local a = basin.tensor({ { 4, 1 }, { 1, 3 } }, "float64")

local function near(x, y) assert((x - y):abs():max():item() < 1e-12, tostring(x) .. " is not " .. tostring(y)) end
local function refused(what, f)
  local ok, message = pcall(f)
  assert(not ok and message:find(what, 1, true), tostring(message))
end

-- Gradients: d log|A| = A^-T, and the least eigenvalue's is the outer product of its vector.
local v = a:require_gradient()
near(select(2, v:slogdet()):gradient(v), a:inverse())
local values, vectors = v:eigh()
near(values[1]:gradient(v), vectors[{ {}, { 1, 1 } }]:matmul(vectors[{ {}, { 1, 1 } }]:transpose(1, 2)))
local b = basin.tensor({ 1, 2 }, "float64")
near(v:solve(b):gradient(v), -a:solve(basin.ones({ 2 }, "float64")):unsqueeze(2) * a:solve(b))

-- A factor of the covariance makes draws with it: 0.02 is four standard errors and more.
local l = (a / 4):cholesky()
local x = basin.randn({ 100000, 2 }, 1):to("float64"):matmul(l:transpose(1, 2))
assert((x:transpose(1, 2):matmul(x) / #x - a / 4):abs():max() < 0.02)

-- Integers are numbers too; float32 and float64 meet in float64; the diagonal is a view.
assert(basin.tensor({ { 2, 0 }, { 0, 4 } }, "int64"):inverse() == basin.tensor { { 0.5, 0 }, { 0, 0.25 } })
assert(a:solve(basin.ones { 2 }).dtype == "float64" and a:matmul(basin.ones { 2 }).dtype == "float64")
local z = basin.zeros { 3, 3 }
z:diagonal()[{}] = 1
assert(z == basin.eye(3) and basin.zeros({ 0, 3, 3 }):det():shape()[1] == 0)

local t = basin.ones { 2, 3 }
refused("inverse is of square matrices, and this is tensor [2,3] float32 cpu", function() t:inverse() end)
refused("trace is of matrices [..., rows, columns], and this is tensor [3] float32 cpu", function() t[1]:trace() end)
refused("inverse: this matrix is singular", function() basin.ones({ 2, 2 }):inverse() end)
refused("solve: this matrix is singular", function() basin.ones({ 2, 2 }):solve(basin.ones { 2 }) end)
refused("the right side is [n] or [..., n, k] for a matrix of n rows, got tensor [3] float64 cpu", function() a:solve(basin.ones { 3 }) end)
refused("elements across the diagonal differ by up to 2", function() basin.tensor({ { 1, 3 }, { 1, 1 } }):eigh() end)
refused("cholesky: this matrix is not positive definite", function() (-basin.eye(2)):cholesky() end)
refused("eigh is of finite numbers", function() (basin.eye(2) / 0):eigh() end)
refused("svd is of finite numbers", function() (t * (0 / 0)):svd() end)
refused('det computes in float32 or float64: t:to "float32" first', function() basin.eye(2):to("bfloat16"):det() end)
refused("did you mean 'inverse'?", function() return a:invers() end)
