"""Loading and feeding data: pipelines, folders of files, time series, cached downloads (`keras.utils`' loaders)."""
