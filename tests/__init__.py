"""A package of its own: IPython 7, which Colab has, brings another one of this name along."""
